package import Model

/// How often Redis has been seen to lose what it had (protocols.md, 7a).
package protocol GenerationStore: Sendable {
    /// The counter that Redis should have, and the server's life in which it was written; 0: none was ever written.
    func generation() async throws -> RecordedGeneration
    func setGeneration(_ generation: RecordedGeneration) async throws
    /// Those of these messages that are over: their triggers are final, gone, or were redriven since.
    func finished(_ messages: [(id: Identifier, redrive: Int)]) async throws -> [Identifier]
}
