package import Model

/// The database's side of detecting a Redis that went back (protocols.md, 7a).
package protocol GenerationStore: Sendable {
    /// The counter that Redis should have, and the server it was written to. 0: none was ever written.
    func generation() async throws -> RecordedGeneration
    /// Records the counter, before it is written to Redis.
    func setGeneration(_ generation: RecordedGeneration) async throws
    /// Those of these messages that are over: their trigger is final, gone, or was redriven since.
    func finished(_ messages: [(id: TriggerID, redrive: Int)]) async throws -> [TriggerID]
}
