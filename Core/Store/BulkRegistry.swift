package import Model

/// Changes many schedules of a tenant by a page, and runs their past anew. Every call is one transaction.
package protocol BulkRegistry: Sendable {
    /// Pauses a page of the active schedules with a prefix, in the order of names. Fewer than `limit`: there are no more.
    func pauseAll(
        prefix: String, after name: String, limit: Int, reason: String, by actor: AuditActor, now: Timestamp
    ) async throws -> BulkPage
    /// Resumes a page of the paused schedules with a prefix, as `resume` does each.
    ///
    /// - Parameter reason: only those that were paused for it; nil: all.
    func resumeAll(
        prefix: String, pausedFor reason: String?, after name: String, limit: Int, missed: Int?, by actor: AuditActor,
        now: Timestamp,
        next: @escaping @Sendable (ScheduleRow) -> Timestamp?
    ) async throws -> BulkPage
    /// Inserts planned triggers for occurrences that were not delivered and are not on their way. Those that it inserted.
    func backfill(
        _ row: ScheduleRow, _ triggers: [BackfillTrigger], deadline: Timestamp, by actor: AuditActor, now: Timestamp
    ) async throws -> [Identifier]
}
