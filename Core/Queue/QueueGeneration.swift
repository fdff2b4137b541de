/// Notices a server that went back: to nothing, or to what it was some seconds ago (protocols.md, 7 and 7a).
///
/// A counter stands in each shard of the queue and in the database. The monitor raises it; a shard with an older one has lost the
/// time between. A receiver that has seen a younger counter than the shard's gets nothing until the monitor has put right what the
/// shard still holds, and raised it again.
package protocol QueueGeneration: Sendable {
    func readGeneration() async throws(QueueError) -> GenerationReading
    /// Writes the counter into every shard.
    func writeGeneration(_ counter: Int) async throws(QueueError)
    /// A page of the messages that a shard has, dead letters too, in no order, with some perhaps twice.
    ///
    /// - Parameter cursor: `next` of the page before; nil: from the beginning.
    func held(shard: Int, after cursor: String?) async throws(QueueError) -> HeldPage
    /// Removes messages whoever holds them; their ids stay known for a while. How many it removed.
    func discard(_ ids: [MessageID]) async throws(QueueError) -> Int
}
