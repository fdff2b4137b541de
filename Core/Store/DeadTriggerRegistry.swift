package import Model

/// Lists dead triggers, and requeues them. Every call is one transaction.
package protocol DeadTriggerRegistry: Sendable {
    /// Requeues those of these triggers that are dead and belong to the actor's tenant: raises the redrive number,
    /// counts attempts from 0 again, and keeps the later of the two deadlines (protocols.md, 9). At `checkAt` the
    /// monitor checks that they were sent.
    ///
    /// Returns them for sending, in no order, with the action of their own revision. Those whose action nobody knows
    /// any more stay dead.
    func redrive(
        _ ids: [TriggerID], deadline: Timestamp, checkAt: Timestamp, by actor: AuditActor, now: Timestamp
    ) async throws -> [QueuedTrigger]
    /// A page of dead triggers, oldest first.
    ///
    /// - Parameters:
    ///   - tenant: nil: of all tenants; the caller has checked that the actor may see them.
    ///   - place: the last one of the page before; nil: from the oldest.
    func deadTriggers(tenant: TenantID?, after place: DeadTrigger.Place?, limit: Int) async throws -> [DeadTrigger]
    /// How many triggers are dead, counted up to `limit`.
    func countDead(tenant: TenantID?, limit: Int) async throws -> Int
}
