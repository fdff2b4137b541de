import Model
import Postgres

/// What tests ask the database.
extension Cluster {
    /// How many triggers match all that is given; without states, those in any.
    func triggers(
        _ states: TriggerState..., kind: TriggerKind? = nil, of tenant: TenantID? = nil, named name: String? = nil,
        attempts: Int? = nil, reason: CancelReason? = nil
    ) async throws -> Int {
        try await number(
            .countTriggers,
            [
                .smallints((states.isEmpty ? TriggerState.allCases : states).map(\.rawValue)),
                .smallint(kind?.rawValue), .tenant(tenant), .text(name), .smallint(attempts), .text(reason?.rawValue),
            ])
    }

    /// How many triggers meet a condition, which may use `SQLConstants`.
    func triggers(where condition: String) async throws -> Int {
        try await number("select count(*) from headgate.trigger where \(condition)")
    }

    /// How many triggers have a final state.
    func settledTriggers() async throws -> Int { try await triggers(where: "state >= ${state.final}") }

    /// A table of the schema `headgate`.
    enum Table: String {
        case schedules = "schedule"
        case names = "schedule_name"
        case auditEntries = "audit"
        case requests = "idempotency"
        case owedCalls = "owed_call"
        case failureWatches = "failure_watch"
        case overlaps = "overlap"
    }

    /// How many rows a table has.
    func count(of table: Table) async throws -> Int {
        try await number(Statement("select count(*) from headgate.\(table.rawValue)"), [])
    }
}

extension Statement {
    /// $1 states, then what must be equal unless null: $2 kind, $3 tenant, $4 name, $5 attempts, $6 reason.
    fileprivate static let countTriggers = Statement(
        """
        select count(*) from headgate.trigger where state = any ($1) and ($2::smallint is null or kind = $2)
            and ($3::text is null or tenant = $3) and ($4::text is null or name = $4)
            and ($5::smallint is null or attempts = $5) and ($6::text is null or reason = $6)
        """)
}
