package import Model

/// One queue of the topology.
package struct QueueSpecification: Equatable, Sendable {
    package var name: String
    /// 1 to 1,024, default 1. Queues that are settled into each other have the same number.
    package var shards = 1
    /// For how long a received message is hidden from others; 1 s to 12 h, default 30 s.
    package var visibility: Duration = .seconds(30)
    /// A message dies when it was received more often; 1 to 1,000, default 30.
    package var maxReceives = 30
    /// The name under which SQS clients find the dead letters; the queue's name and `-dead` by default.
    package var deadLetter: String

    package init(name: String) {
        self.name = name
        deadLetter = "\(name)-dead"
    }

    /// `{"shards":4,"visibility":"30s","maxReceives":30}`, as the functions read it from their environment.
    package var json: JSON {
        ["shards": .integer(shards), "visibility": .string(visibility.text), "maxReceives": .integer(maxReceives)]
    }
}
