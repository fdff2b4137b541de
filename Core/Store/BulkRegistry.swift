package import Model

/// Changes many schedules of a tenant page by page, and runs past occurrences again. Every call is one transaction; an
/// error leaves nothing of it.
package protocol BulkRegistry: Sendable {
    /// Pauses a page of the active schedules whose names have a prefix, in the order of names, as `pause` does each. A
    /// page of fewer than `limit` is the last.
    ///
    /// With the tenant's own pause as the reason (`TenantSettings.pauseReason`) the page is empty once the tenant is
    /// not paused any more.
    ///
    /// - Parameter name: the last name of the page before; nil for the first.
    func pauseAll(
        prefix: String, after name: ScheduleName?, limit: Int, reason: String, by actor: AuditActor, now: Timestamp
    ) async throws -> BulkPage
    /// Resumes a page of the paused schedules whose names have a prefix, as `resume` does each.
    ///
    /// With the tenant's own pause as the reason the page is empty if the tenant is paused again.
    ///
    /// - Parameter reason: only schedules that were paused for this reason; nil: all.
    func resumeAll(
        prefix: String, pausedFor reason: String?, after name: ScheduleName?, limit: Int, missed: Int?,
        by actor: AuditActor,
        now: Timestamp,
        next: @escaping @Sendable (ScheduleRow) -> Timestamp?
    ) async throws -> BulkPage
    /// Inserts planned triggers, due now, for occurrences of a schedule that are neither delivered nor under way.
    /// Returns the ids inserted; none if the schedule is gone.
    func backfill(
        _ row: ScheduleRow, _ triggers: [BackfillTrigger], deadline: Timestamp, by actor: AuditActor, now: Timestamp
    ) async throws -> [TriggerID]
}
