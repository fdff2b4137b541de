package import Model

/// What a historian asks: recording outcomes.
package protocol OutcomeStore: Sendable {
    /// Records outcomes, each once, in one transaction per round of different triggers. Repeating it changes nothing.
    ///
    /// A row whose value the store refuses is left out and counted; the others are recorded.
    func record(_ outcomes: [TriggerOutcome]) async throws -> RecordResult
    func close() async
}

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
