package import Model

/// How many batches of a mapping run at once: a value that is told what happens and when.
///
/// A mapping with a backlog begins with 5, and adds 300 a minute up to 1,250; when its queue is empty it keeps 2 pollers.
/// Failed batches halve what is allowed; with reported items they do not ("Configuring scaling behavior for SQS event
/// source mappings", AWS documentation).
package struct ConcurrencyScale: Hashable, Sendable {
    /// Of a mapping that has just found messages, of an idle one, and at most.
    package static let start = 5, idle = 2, most = 1_250
    /// More a minute while a backlog remains.
    package static let growth = 300

    private let limit: Int
    private var value: Double
    private var since: Timestamp
    private var hasBacklog = false

    /// An idle mapping.
    ///
    /// - Parameter maximum: `MaximumConcurrency`; nil: none.
    package init(maximum: Int?, now: Timestamp) {
        limit = min(maximum ?? ConcurrencyScale.most, ConcurrencyScale.most)
        value = Double(ConcurrencyScale.idle)
        since = now
    }

    /// Batches that may run at once.
    package func allowed(at now: Timestamp) -> Int { min(limit, Int(grown(to: now))) }

    /// When one more will be allowed by itself; nil: not by time alone.
    package func nextGrowth(after now: Timestamp) -> Timestamp? {
        let wanted = allowed(at: now) + 1
        guard hasBacklog, wanted <= limit else { return nil }
        let seconds = (Double(wanted) - value) * 60 / Double(ConcurrencyScale.growth)
        var time = max(since + .microseconds(Int64(seconds * 1e6)), now)
        // Rounding may be short of it by a microsecond or two.
        while allowed(at: time) < wanted { time = time + .microseconds(1) }
        return time
    }

    private func grown(to now: Timestamp) -> Double {
        guard hasBacklog else { return value }
        let seconds = max(0, (now - since).inSeconds)
        return min(Double(ConcurrencyScale.most), value + seconds * Double(ConcurrencyScale.growth) / 60)
    }

    /// The queue has more than is being handled.
    package mutating func sawBacklog(at now: Timestamp) {
        if hasBacklog { return }
        hasBacklog = true
        value = Double(max(ConcurrencyScale.start, Int(value)))
        since = now
    }

    /// A receive found nothing: what is allowed is what is in use and the idle pollers, until there is a backlog again.
    ///
    /// - Parameter inUse: batches that the mapping has at the moment.
    package mutating func sawEmpty(at now: Timestamp, inUse: Int = 0) {
        let idle = Double(ConcurrencyScale.idle)
        value = max(idle, min(grown(to: now), Double(inUse) + idle))
        hasBacklog = false
        since = now
    }

    /// A batch has failed as a whole.
    package mutating func sawFailure(at now: Timestamp) {
        value = max(Double(ConcurrencyScale.idle), grown(to: now) / 2)
        since = now
    }
}
