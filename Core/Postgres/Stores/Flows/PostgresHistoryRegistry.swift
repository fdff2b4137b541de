package import Model
package import Store

/// `HistoryRegistry` on a pool of connections to the history's database, whose role is bound by row-level security.
/// Statements have 5 s.
package final class PostgresHistoryRegistry: HistoryRegistry {
    private let pool: PostgresPool

    private enum SummaryColumn: Int, ResultColumn {
        case execution, tenant, flow, version, definition, status, triggerID, createdAt, endedAt, seq, firstDay,
            lastDay, snapshot
    }

    private enum EventColumn: Int, ResultColumn {
        case execution, tenant, seq, at, body
    }

    /// A registry that connects at the first calls.
    package init(url: String, connections: Int = 2) {
        var configuration = PostgresConnection.Configuration(url: url, applicationName: "headgate api history")
        configuration.setup =
            "set jit = off; set enable_seqscan = off; set statement_timeout = '5s'; set idle_in_transaction_session_timeout = '30s'"
        pool = PostgresPool(configuration, size: connections)
    }

    private func inTransaction<Value: Sendable>(
        of tenant: TenantID, _ body: @escaping @Sendable (PostgresTransaction) throws(PostgresError) -> Value
    ) async throws -> Value {
        try await pool.with(for: tenant.description) { connection in
            try await connection.transaction(first: [StatementCall(.setTenant, [.tenant(tenant)])], body)
        }
    }

    private static func summary(_ row: PostgresRow<SummaryColumn>) throws(PostgresError) -> ExecutionSummary {
        ExecutionSummary(
            execution: try row.required(.execution, row.id), tenant: try row.required(.tenant, row.tenant),
            flow: try row.text(.flow).map { FlowName(checked: $0) }, version: try row.int(.version),
            definition: try row.required(.definition, row.id),
            status: try .stored(try row.required(.status, row.int)), trigger: try row.id(.triggerID),
            createdAt: try row.required(.createdAt, row.time), endedAt: try row.time(.endedAt),
            seq: try row.required(.seq, row.int), firstDay: try row.required(.firstDay, row.time),
            lastDay: try row.required(.lastDay, row.time), snapshot: try row.bytes(.snapshot))
    }

    package func summary(of id: ExecutionID, tenant: TenantID) async throws -> ExecutionSummary? {
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.query(StatementCall(.readSummary, [.uuid(id), .tenant(tenant)])) {
                row throws(PostgresError) in try PostgresHistoryRegistry.summary(row)
            }.first
        }
    }

    /// Columns of `endedAmong`.
    private enum EndedColumn: Int, ResultColumn {
        case execution, definition, digest
    }

    package func ended(among ids: [ExecutionID], tenant: TenantID) async throws -> [EndedExecution] {
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.query(StatementCall(.endedAmong, [.uuids(ids), .tenant(tenant)])) {
                (row: PostgresRow<EndedColumn>) throws(PostgresError) in
                EndedExecution(
                    execution: try row.required(.execution, row.id),
                    definition: try row.required(.definition, row.id), digest: try row.bytes(.digest))
            }
        }
    }

    package func summaries(_ filter: ExecutionFilter, tenant: TenantID) async throws -> [ExecutionSummary] {
        let call = StatementCall(
            .listHistory,
            [
                .tenant(tenant), .text(filter.flow?.description), .smallint(filter.status?.rawValue),
                .time(filter.from ?? .distantPast), .time(filter.to ?? .distantFuture),
                .time(filter.after?.createdAt ?? .distantFuture), .uuid(filter.after?.execution ?? .highest),
                .bigint(filter.limit),
            ])
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.query(call) { row throws(PostgresError) in try PostgresHistoryRegistry.summary(row) }
        }
    }

    /// In the engine's role, after the caller was authorized.
    package func erase(_ tenant: TenantID, limit: Int) async throws -> Int {
        try await pool.with(for: tenant.description) { connection in
            try await connection.transaction(first: [StatementCall(.becomeEngine)]) {
                transaction throws(PostgresError) in
                try transaction.value(StatementCall(.eraseHistory, [.tenant(tenant), .bigint(limit)]), .int) ?? 0
            }
        }
    }

    package func events(of summary: ExecutionSummary, after seq: Int, limit: Int) async throws -> [HistoryRow] {
        let call = StatementCall(
            .readEvents,
            [
                .time(summary.firstDay), .time(summary.lastDay), .uuid(summary.execution), .bigint(seq),
                .bigint(limit),
            ])
        return try await inTransaction(of: summary.tenant) { transaction throws(PostgresError) in
            try transaction.query(call) { (row: PostgresRow<EventColumn>) throws(PostgresError) in
                HistoryRow(
                    execution: try row.required(.execution, row.id), tenant: try row.required(.tenant, row.tenant),
                    seq: try row.required(.seq, row.int), at: try row.required(.at, row.time),
                    body: try row.required(.body, row.bytes))
            }
        }
    }
}
