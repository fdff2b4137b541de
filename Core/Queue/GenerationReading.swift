package import Model

/// The generation counters of a queue's shards, with the server's run id and clock.
package struct GenerationReading: Hashable, Sendable {
    /// By shard; nil: the shard has no counter, and may have lost everything else too.
    package var counters: [Int?]
    /// The server's run id, which changes at every start.
    package var run: String
    /// The server's own clock, when it was asked.
    package var time: Timestamp

    /// What a server said of its shards.
    package init(counters: [Int?], run: String, time: Timestamp) {
        self.counters = counters
        self.run = run
        self.time = time
    }
}
