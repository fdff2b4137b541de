package import Model

/// What a historian asks: recording outcomes.
package protocol OutcomeStore: Sendable {
    /// Records outcomes, each once, in one transaction per round of different triggers. Repeating it changes nothing.
    ///
    /// A row whose value the store refuses is left out and counted; the others are recorded.
    func record(_ outcomes: [TriggerOutcome]) async throws -> RecordResult
    func close() async
}
