package import Model
import Store

/// `OverlapStore` on one Postgres connection: two statements a decision, between begin and commit.
package final class PostgresOverlapStore: OverlapStore {
    private let connection: PostgresConnection

    /// A store that connects as the engine role.
    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate overlap"))
    }

    /// Ends the session; the next call opens another.
    package func close() async { await connection.close() }

    /// Lets `change` decide on what runs and waits, under the lock of the schedule's row, which is created if missing
    /// and deleted once idle.
    package func withOverlap<Decision: Sendable>(
        of schedule: ScheduleID, tenant: TenantID, now: Timestamp,
        _ change: @escaping @Sendable (inout (running: Identifier?, waiting: [Identifier])) -> Decision
    ) async throws -> Decision {
        try await connection.transaction { transaction throws(PostgresError) in
            let lock = StatementCall(.lockOverlap, [.uuid(schedule), .tenant(tenant), .time(now)])
            let rows = try transaction.query(lock) { (row: PostgresRow<OverlapColumn>) throws(PostgresError) in
                (
                    running: try row.uuid(.running),
                    waiting: (try row.text(.waiting) ?? "").split(separator: ",").compactMap { Identifier(String($0)) }
                )
            }
            var state = rows[0]
            let before = state.running
            let decision = change(&state)
            let isIdle = state.running == nil && state.waiting.isEmpty
            try transaction.execute(
                isIdle
                    ? StatementCall(.dropOverlap, [.uuid(schedule)])
                    : StatementCall(
                        .writeOverlap,
                        [
                            .uuid(schedule), .uuid(state.running), .uuids(state.waiting),
                            .time(state.running == before ? nil : now),
                        ]))
            return decision
        }
    }

    /// Runs that began before a time, the longest-running first.
    package func runningSince(
        before time: Timestamp, limit: Int
    ) async throws -> [(schedule: ScheduleID, run: Identifier)] {
        try await connection.query(StatementCall(.oldOverlaps, [.time(time), .bigint(limit)])) {
            (row: PostgresRow<OldOverlapColumn>) throws(PostgresError) in
            (try row.required(.scheduleID, row.id), try row.required(.running, row.uuid))
        }
    }
}

/// Columns of `lock-overlap`.
private enum OverlapColumn: Int, ResultColumn {
    case running, waiting
}

/// Columns of `Statement.oldOverlaps`.
private enum OldOverlapColumn: Int, ResultColumn {
    case scheduleID, running
}

extension Statement {
    fileprivate static let lockOverlap = Statement("lock-overlap", PackageResources.lock_overlap_sql)
    fileprivate static let dropOverlap = Statement("delete from headgate.overlap where schedule_id = $1")
    fileprivate static let writeOverlap = Statement(
        "update headgate.overlap set running = $2, waiting = $3, since = coalesce($4, since) where schedule_id = $1")
    fileprivate static let oldOverlaps = Statement(
        """
        select schedule_id, running from headgate.overlap where since < $1 and running is not null order by since limit $2
        """)
}
