/// Detects a server that went back: to nothing, or to its state of some seconds ago (protocols.md, 7 and 7a).
///
/// Each shard of the queue holds a counter, and the database holds another. The monitor keeps raising both; a shard
/// whose counter is lower has lost the time between. A receiver that has seen a higher counter than the shard's gets
/// no messages until the monitor has reconciled the shard and raised its counter again (decision 0033).
package protocol QueueGeneration: Sendable {
    /// The counters of all shards, with the server's run id and clock.
    func readGeneration() async throws(QueueError) -> GenerationReading
    /// Writes the counter into every shard whose counter is still as it was read, and returns the others: they have
    /// lost something since, and writing would hide it, or another monitor was quicker. After an error some shards may
    /// have it.
    func writeGeneration(_ counter: Int, replacing reading: GenerationReading) async throws(QueueError) -> [Int]
    /// A page of the messages that a shard holds: ready, delayed, in flight, and dead letters where they keep their
    /// bodies. In a queue with outcomes dead letters are not listed.
    ///
    /// In no order, and some perhaps twice. Every message that is there from the first page to the last is listed.
    ///
    /// - Parameter cursor: `next` of the page before; nil: from the beginning.
    func held(shard: Int, after cursor: String?) async throws(QueueError) -> HeldPage
    /// Removes messages even if they are leased; their ids stay known for `QueueRules.forgetAfter`. Returns how many it
    /// removed.
    func discard(_ ids: [MessageID]) async throws(QueueError) -> Int
}
