package import Model

/// What became of a batch of outcomes.
package struct RecordResult: Sendable {
    /// Outcomes that changed their trigger's row.
    package var recorded = 0
    /// Outcomes that were recorded before, or came too late.
    package var repeated = 0
    /// Triggers among them that have no row.
    package var orphaned = 0
    /// Outcomes whose values the store refused.
    package var refused = 0
    /// `onFailure` triggers that were created, committed and to be sent now.
    package var failureCalls: [QueuedTrigger] = []
    /// Queued triggers of schedules that were paused for their failures; to be cancelled in the queue.
    package var cancelled: [TriggerID] = []

    /// A batch without outcomes.
    package init() {}
}
