package import Model

/// Reads dead triggers and queues them again.
package protocol DeadTriggerRegistry: Sendable {
    /// Turns dead triggers queued for another go; the monitor looks at `checkAt` whether they were sent. Those that were dead, with
    /// the action of their own revision; one whose action nobody knows any more stays dead.
    func redrive(
        _ ids: [Identifier], deadline: Timestamp, checkAt: Timestamp, by actor: AuditActor, now: Timestamp
    ) async throws -> [QueuedTrigger]
    /// Dead triggers, oldest first.
    ///
    /// - Parameter tenant: nil: of all tenants; the caller has checked that the actor may see them.
    func deadTriggers(tenant: String?, after place: DeadTrigger.Place?, limit: Int) async throws -> [DeadTrigger]
    /// How many triggers are dead, at most `limit`.
    func countDead(tenant: String?, limit: Int) async throws -> Int
}
