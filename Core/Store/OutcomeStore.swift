package import Model

/// What a historian needs of the store: recording outcomes.
package protocol OutcomeStore: Sendable {
    /// Records outcomes, each once, and returns what became of them. Repeating a call changes nothing.
    ///
    /// An outcome changes nothing if its attempt is recorded already or it belongs to another redrive, and a final
    /// state never changes; but a final outcome ends an open trigger even if its attempt is recorded (protocols.md, 6).
    /// Also counts consecutive failures, pauses schedules that reach their `pauseAfter`, and creates `onFailure`
    /// triggers.
    ///
    /// The batch is one transaction. If the store refuses a value, the batch is halved until that value stands alone;
    /// it is counted and left out. Any other error leaves nothing, or after such a split perhaps a part.
    func record(_ outcomes: [TriggerOutcome]) async throws -> RecordResult
    /// Ends the connection; a further call opens another.
    func close() async
}
