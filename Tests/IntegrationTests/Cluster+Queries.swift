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

    /// The triggers that are in another state or have another number of attempts, each with the record of its attempts: a
    /// test that fails by one of them shows what happened to it. At most three.
    func records(except state: TriggerState, attempts: Int) async throws -> [String] {
        try await admin.values(
            StatementCall(.recordsExcept, [.smallint(state.rawValue), .smallint(attempts)]), .text)
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
    /// $1 state, $2 attempts.
    fileprivate static let recordsExcept = Statement(
        """
        select concat_ws(' ', id, 'state', state, reason, 'attempts', attempts, convert_from(attempt_log, 'UTF8'))
        from headgate.trigger where state <> $1 or attempts <> $2 order by id limit 3
        """)
    /// $1 states, then what must be equal unless null: $2 kind, $3 tenant, $4 name, $5 attempts, $6 reason.
    fileprivate static let countTriggers = Statement(
        """
        select count(*) from headgate.trigger where state = any ($1) and ($2::smallint is null or kind = $2)
            and ($3::text is null or tenant = $3) and ($4::text is null or name = $4)
            and ($5::smallint is null or attempts = $5) and ($6::text is null or reason = $6)
        """)
}
