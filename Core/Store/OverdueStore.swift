package import Model

/// Finds triggers that were due and are not settled. Every verb is one transaction and throws the store's error.
package protocol OverdueStore: Sendable {
    /// The database's clock.
    func now() async throws -> Timestamp
    /// Puts triggers that are still unsettled a minute after their planned time on the overdue list, and advances the
    /// sweep's mark, so that each row is looked at once.
    func sweep(now: Timestamp) async throws
    /// Up to `limit` overdue triggers whose check is due, in no order; each is due again in a minute. Of several
    /// monitors each gets different ones.
    func takeOverdue(now: Timestamp, limit: Int) async throws -> [OverdueTrigger]
    /// Takes triggers off the list that `takeOverdue` returned at this time, except those put on it again since.
    func dropOverdue(_ ids: [TriggerID], takenAt now: Timestamp) async throws
    /// Makes the whole list due for a check now, after a loss of Redis.
    func recheckOverdue(now: Timestamp) async throws
    /// A page of the queued triggers planned at or after the sweep's mark, by planned time and id; none whose cancel
    /// was requested.
    ///
    /// - Parameter last: the last one of the page before; nil: from the first.
    func unsettled(after last: (Timestamp, TriggerID)?, limit: Int) async throws -> [QueuedTrigger]
    /// Marks triggers as cancelled whose cancel was requested and that are not final. Schedules go back to those of
    /// them that are to be planned again (protocols.md, 8 and 8a; decision 0006).
    func settleCancelled(_ triggers: [CancelledTrigger]) async throws
    /// Cancels those of these triggers that are queued: the queue has lost them, and nobody knows their action any
    /// more.
    func cancelLost(_ ids: [TriggerID]) async throws
}
