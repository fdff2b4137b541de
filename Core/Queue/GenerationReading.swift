package import Model

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
