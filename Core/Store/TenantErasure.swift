package import Model

/// Removes all that a tenant has, by pages that a failure may interrupt. Every call is one transaction.
package protocol TenantErasure: Sendable {
    /// Revokes the keys of the actor's tenant. While its schedules and triggers are removed it is paused; after that its settings,
    /// secrets and remembered answers are forgotten.
    func eraseSettings(isPaused: Bool, by actor: AuditActor, now: Timestamp) async throws -> TenantChange
    /// Deletes a page of the tenant's schedules, hidden ones too: how many, and what is to be cancelled in the queue.
    func eraseSchedules(limit: Int, by actor: AuditActor, now: Timestamp) async throws -> BulkPage
    /// The days that have triggers.
    func triggerDays() async throws -> [Timestamp]
    /// A page of a tenant's triggers of a day, in the order of ids, and whether the queue may know each. No index helps: it reads
    /// the day up to the end of the page.
    func triggers(
        of tenant: String, on day: Timestamp, after id: Identifier, limit: Int
    ) async throws -> [(id: Identifier, mayBeQueued: Bool)]
    /// Deletes records. How many.
    func eraseTriggers(_ ids: [Identifier], of tenant: String, on day: Timestamp) async throws -> Int
}
