package import Model

/// The stretch of time that a loader plans next while it is behind.
///
/// What is due then is planned in windows, the earliest first, each over all shards that the loader holds: no shard waits until everything
/// of another is planned (protocols.md, 12b). A window begins where the last one ended, so that a schedule that goes on in the past, for
/// it has missed more than one pass makes, has its next turn in the next round, after all that is live (rule 11). After a window that held
/// little the next one is twice as wide.
package struct CatchUpWindow: Sendable {
    /// Where it begins; nil: with whatever is due.
    package private(set) var start: Timestamp?
    private var width = Duration.seconds(1)

    package init() {}

    /// Where it ends.
    ///
    /// - Parameter firstDue: when the first schedule is due from `start` on; nil: none is.
    package func end(firstDue: Timestamp?, horizon: Timestamp) -> Timestamp {
        guard let firstDue, width < CatchUpWindow.widest else { return horizon }
        return min(horizon, firstDue + width)
    }

    /// Goes on to the next window.
    ///
    /// - Parameters:
    ///   - end: where this one ended.
    ///   - count: how many schedules and planned triggers it held.
    ///   - batch: schedules a transaction.
    package mutating func advance(to end: Timestamp, held count: Int, batch: Int) {
        start = end
        if count < batch, width < CatchUpWindow.widest { width *= 2 }
    }

    /// From here on a window ends at the horizon.
    private static let widest = Duration.seconds(86_400)
}
