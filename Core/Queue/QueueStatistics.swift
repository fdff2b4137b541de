import Model

/// How many messages a queue has, by state, and how long they wait.
package struct QueueStatistics: Hashable, Sendable {
    /// Waiting for a worker.
    package var ready = 0
    /// Not due yet, or due and not yet promoted.
    package var delayed = 0
    /// Leased.
    package var inFlight = 0
    /// Dead letters kept.
    package var dead = 0
    /// Time since the send of the oldest message near the head of the ready set; nil if nothing is ready.
    package var oldestReady: Duration?
    /// Messages that are ready, delayed or in flight, by fairness key; a shard with too many keys may leave out its
    /// own.
    package var tenants: [String: Int] = [:]
    /// Messages acknowledged since the queue was created.
    package var settled = 0

    /// An empty queue.
    package init() {}

    /// The counts of two shards together: sums, and the older age.
    package static func + (left: QueueStatistics, right: QueueStatistics) -> QueueStatistics {
        var sum = left
        sum.ready += right.ready
        sum.delayed += right.delayed
        sum.inFlight += right.inFlight
        sum.dead += right.dead
        sum.settled += right.settled
        sum.oldestReady = [left.oldestReady, right.oldestReady].compactMap { $0 }.max()
        sum.tenants.merge(right.tenants, uniquingKeysWith: +)
        return sum
    }
}
