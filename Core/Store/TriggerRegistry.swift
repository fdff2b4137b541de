package import Model

/// Reads triggers, and makes and cancels single ones. Every call is one transaction, bound to a tenant.
package protocol TriggerRegistry: Sendable {
    /// Inserts a trigger that goes to the queue right after; false: it is there.
    func insert(_ trigger: TriggerWrite, by actor: AuditActor, now: Timestamp) async throws -> Bool
    func trigger(_ id: Identifier, tenant: String) async throws -> TriggerRow?
    func triggers(_ filter: TriggerFilter) async throws -> [TriggerRow]
    /// Asks for a cancel. Nil: there is none.
    func requestCancel(_ id: Identifier, by actor: AuditActor, now: Timestamp) async throws -> TriggerRow?
    /// Makes these cancelled that were asked to be and are not settled.
    func settleCancelled(_ triggers: [CancelledTrigger], tenant: String, reason: String) async throws
}
