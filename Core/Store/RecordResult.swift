package import Model

package struct RecordResult: Sendable {
    /// Rows that changed.
    package var recorded = 0
    /// Outcomes that were recorded before, or came too late.
    package var repeated = 0
    /// Outcomes of triggers that have no row.
    package var orphaned = 0
    /// Outcomes that the store refused for their values.
    package var refused = 0
    /// Triggers that tell of failures, committed and to be sent now.
    package var notices: [QueuedTrigger] = []
    /// Queued triggers of schedules that were paused for their failures: to be taken from the queue.
    package var cancelled: [Identifier] = []

    package init() {}
}
