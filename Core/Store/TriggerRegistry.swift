package import Model

/// Reads triggers, and creates and cancels single ones. Every call is one transaction, confined to a tenant.
package protocol TriggerRegistry: Sendable {
    /// Writes a trigger and, for a one-off, its hidden schedule. False: it exists already, or its schedule is gone. A
    /// queued one is to be sent right after.
    func insert(_ trigger: TriggerWrite, by actor: AuditActor, now: Timestamp) async throws -> Bool
    /// Nil: the tenant has no such trigger.
    func trigger(_ id: TriggerID, tenant: TenantID) async throws -> TriggerRow?
    /// A page of triggers, newest first: by occurrence and id for one schedule, by id for all.
    func triggers(_ filter: TriggerFilter) async throws -> [TriggerRow]
    /// Requests the cancel of a trigger of the actor's tenant, and returns its row after that; nil: there is none. A
    /// planned trigger is cancelled at once; a final one stays as it is.
    func requestCancel(_ id: TriggerID, by actor: AuditActor, now: Timestamp) async throws -> TriggerRow?
    /// Marks triggers as cancelled whose cancel was requested and that are not final. Schedules go back to those of
    /// them that are to be planned again (protocols.md, 8 and 8a; decision 0006).
    ///
    /// - Parameter reason: for those that have none yet.
    func settleCancelled(_ triggers: [CancelledTrigger], tenant: TenantID, reason: CancelReason) async throws
    /// Whether each of these triggers, of any tenant, is over and must not be called: it is final or gone, was redriven
    /// since, or its cancel was requested. Those of the last kind are marked as cancelled first, as by `settleCancelled`
    /// (protocols.md, 8).
    func judgeHeld(_ triggers: [HeldTrigger]) async throws -> [Bool]
}
