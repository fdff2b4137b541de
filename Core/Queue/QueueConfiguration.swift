import Model

/// A queue's settings; the same in every function that uses it (`HEADGATE_QUEUES`, from the topology file).
package struct QueueConfiguration: Hashable, Sendable {
    /// Independent parts, each a set of keys of its own. At least 1.
    package var shards: Int
    /// How long a lease lasts unless it is extended: the visibility timeout.
    package var visibility: Duration
    /// How many times a message may be received without being settled or retried; when that many leases have lapsed it
    /// is buried.
    package var maximumReceives: Int
    /// Whether each message is work of its own, or a hint.
    package var kind: QueueKind

    /// 4 shards, 30 s, 30 receives and work unless given; traps on values out of range.
    package init(
        shards: Int = 4, visibility: Duration = .seconds(30), maximumReceives: Int = 30, kind: QueueKind = .work
    ) {
        precondition(shards >= 1 && visibility > .zero && maximumReceives >= 1, "queue configuration out of range")
        self.shards = shards
        self.visibility = visibility
        self.maximumReceives = maximumReceives
        self.kind = kind
    }
}
