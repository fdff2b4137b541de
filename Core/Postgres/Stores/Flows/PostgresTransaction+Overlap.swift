package import Model
package import Store

/// Columns of `lock-overlap`.
private enum OverlapColumn: Int, ResultColumn {
    case running, waiting
}

extension PostgresTransaction {
    /// Lets `change` decide on what runs and waits of a schedule, under the lock of its row, which is created if
    /// missing and deleted once idle. Two statements.
    ///
    /// It is part of the transaction that starts or ends the run: a crash leaves both or neither.
    package func withOverlap<Decision>(
        of schedule: ScheduleID, tenant: TenantID, now: Timestamp, _ change: (inout OverlapRow) -> Decision
    ) throws(PostgresError) -> Decision {
        let lock = StatementCall(.lockOverlap, [.uuid(schedule), .tenant(tenant), .time(now)])
        let rows = try query(lock) { (row: PostgresRow<OverlapColumn>) throws(PostgresError) in
            OverlapRow(
                running: try row.uuid(.running),
                waiting: (try row.text(.waiting) ?? "").split(separator: ",").compactMap { Identifier(String($0)) })
        }
        var state = rows[0]
        let before = state.running
        let decision = change(&state)
        let isIdle = state.running == nil && state.waiting.isEmpty
        try execute(
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

extension Statement {
    fileprivate static let lockOverlap = Statement("lock-overlap", PackageResources.lock_overlap_sql)
    fileprivate static let dropOverlap = Statement("delete from headgate.overlap where schedule_id = $1")
    fileprivate static let writeOverlap = Statement(
        "update headgate.overlap set running = $2, waiting = $3, since = coalesce($4, since) where schedule_id = $1")
}
