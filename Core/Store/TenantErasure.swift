package import Model

/// Removes everything of a tenant, page by page; a failure may interrupt it anywhere, and repeating it completes it.
/// Every call is one transaction.
package protocol TenantErasure: Sendable {
    /// Resets the settings of the actor's tenant and revokes its API keys, except platform keys.
    ///
    /// Called first with `isPaused`, so that nothing runs while schedules and triggers are removed; then without, which
    /// also deletes the secrets, idempotency keys, kept actions, dead letters and owed failure calls, and marks the
    /// tenant as erased.
    func eraseSettings(isPaused: Bool, by actor: AuditActor, now: Timestamp) async throws -> TenantChange
    /// Deletes up to `limit` schedules of the actor's tenant, hidden ones included, and cancels their triggers of all
    /// kinds. Returns their names, and the queued triggers to cancel in the queue.
    func eraseSchedules(limit: Int, by actor: AuditActor, now: Timestamp) async throws -> BulkPage
    /// The UTC days that have triggers, ascending.
    func triggerDays() async throws -> [Timestamp]
    /// A page of a tenant's triggers of a day, by id, and whether the queue may know each. No index helps: it reads
    /// everybody's triggers of the day up to the end of the page.
    func triggers(
        of tenant: TenantID, on day: Timestamp, after id: TriggerID, limit: Int
    ) async throws -> [(id: TriggerID, mayBeQueued: Bool)]
    /// Deletes triggers of a tenant and day. Returns how many.
    func eraseTriggers(_ ids: [TriggerID], of tenant: TenantID, on day: Timestamp) async throws -> Int
}
