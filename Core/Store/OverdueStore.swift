package import Model

/// Finds triggers that were due and are not settled. Every verb throws the store's error.
package protocol OverdueStore: Sendable {
    func now() async throws -> Timestamp
    /// Puts what is unsettled a minute after its planned time on the overdue list. Each row is looked at once.
    func sweep(now: Timestamp) async throws
    /// Overdue triggers whose check is due; each is due again a minute later.
    func takeOverdue(now: Timestamp, limit: Int) async throws -> [OverdueTrigger]
    /// Takes settled triggers off the list that were taken at `now`, but for those that were put on it again since.
    func dropOverdue(_ ids: [Identifier], takenAt now: Timestamp) async throws
    /// Everything on the list is due for a check now.
    func recheckOverdue(now: Timestamp) async throws
    /// Queued triggers not yet swept, in the order of planned time and id, after a given one.
    func unsettled(after last: (Timestamp, Identifier)?, limit: Int) async throws -> [QueuedTrigger]
    /// Makes these cancelled, if a cancel was asked and they are not settled.
    func settleCancelled(_ triggers: [CancelledTrigger]) async throws
    /// Makes these cancelled, if they are queued: the queue has lost them, and nobody knows their action any more.
    func settleGone(_ ids: [Identifier]) async throws
}
