import Model

package struct QueueStatistics: Hashable, Sendable {
    package var ready = 0
    package var delayed = 0
    package var inFlight = 0
    package var dead = 0
    /// Age of the oldest message at the head of the ready set; nil where nothing is ready.
    package var oldestReady: Duration?
    /// Messages that are ready, delayed or in flight, by fairness key.
    package var tenants: [String: Int] = [:]
    /// Messages settled since the queue was made.
    package var settled = 0

    package init() {}

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
