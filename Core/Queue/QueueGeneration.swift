package import Model

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

/// What the servers of a queue say of their lives.
package struct GenerationReading: Hashable, Sendable {
    /// By shard; nil: the shard has none, and perhaps nothing else.
    package var counters: [Int?]
    /// Another one after every start of the server.
    package var run: String
    /// The server's clock.
    package var time: Timestamp

    package init(counters: [Int?], run: String, time: Timestamp) {
        self.counters = counters
        self.run = run
        self.time = time
    }
}

package struct HeldPage: Sendable {
    package var messages: [(id: MessageID, generation: Int)]
    /// Nil: there are no more.
    package var next: String?

    package init(messages: [(id: MessageID, generation: Int)], next: String?) {
        self.messages = messages
        self.next = next
    }
}

/// What a reading means beside what the database knows.
package enum GenerationFinding: Hashable, Sendable {
    /// No monitor has ever raised a counter.
    case new
    /// All is as it was; the counter is to be raised.
    case current
    /// These shards have lost something, or may have: their server was started anew.
    case wentBack(shards: [Int])

    /// - Parameters:
    ///   - counter: the database's; 0: none was ever written.
    ///   - run: the server's life when that was written.
    package init(_ reading: GenerationReading, counter: Int, run: String?) {
        if counter == 0 {
            self = .new
        } else if run != reading.run {
            self = .wentBack(shards: Array(reading.counters.indices))
        } else {
            let behind = reading.counters.indices.filter { reading.counters[$0] ?? -1 < counter }
            self = behind.isEmpty ? .current : .wentBack(shards: behind)
        }
    }
}
