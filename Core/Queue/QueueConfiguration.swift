import Model

/// How a queue is set up; the same in every function that uses it (`HEADGATE_QUEUES`, from the topology file).
package struct QueueConfiguration: Hashable, Sendable {
    /// Parts that spread the queue over Redis servers. At least 1.
    package var shards: Int
    /// How long a lease lasts unless it is extended.
    package var visibility: Duration
    /// Receives without a settlement after which a message dies.
    package var maximumReceives: Int

    package init(shards: Int = 4, visibility: Duration = .seconds(30), maximumReceives: Int = 30) {
        precondition(shards >= 1 && visibility > .zero && maximumReceives >= 1, "queue configuration out of range")
        self.shards = shards
        self.visibility = visibility
        self.maximumReceives = maximumReceives
    }
}
