package import Model

/// A queue of the topology.
package struct QueueSpecification: Equatable, Sendable {
    package var name: String
    /// 1 to 1,024, by default 1. A queue and the queue that it settles into have the same number.
    package var shards = 1
    /// How long a received message is hidden from others; 1 s to 12 h, by default 30 s.
    package var visibility: Duration = .seconds(30)
    /// Receives without a settlement after which a message dies; 1 to 1,000, by default 30.
    package var maxReceives = 30
    /// Whether it is kept in SQS, as the queues `NAME`, `NAME-dead` and `NAME-lapsed`; otherwise in Redis.
    package var isSQS = false
    /// The name reserved for its dead letters, by default the queue's name plus `-dead`. Nothing reads it yet.
    package var deadLetter: String

    /// The defaults given at each property.
    package init(name: String) {
        self.name = name
        deadLetter = "\(name)-dead"
    }

    /// `{"shards":4,"visibility":"30s","maxReceives":30}`, as functions read it from `HEADGATE_QUEUES`.
    package var json: JSON {
        ["shards": .integer(shards), "visibility": .string(visibility.text), "maxReceives": .integer(maxReceives)]
    }
}
