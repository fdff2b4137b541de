package import Model

/// What one page of a bulk change did.
package struct BulkPage: Sendable {
    /// The schedules changed, in the order of names.
    package var names: [ScheduleName]
    /// Their queued triggers, to be cancelled in the queue.
    package var cancelled: [TriggerID]

    /// A page that changed nothing, unless given.
    package init(names: [ScheduleName] = [], cancelled: [TriggerID] = []) {
        self.names = names
        self.cancelled = cancelled
    }
}
