package import Model

/// The range of time that a loader plans next while it is behind.
///
/// What is due is then planned in windows, earliest first, each over all shards that the loader holds, so that no shard
/// waits until another is planned completely (protocols.md, 12b). A window begins where the last one ended: a schedule
/// that missed more than one pass plans gets its next turn in the next round, after everything live (protocols.md, 11).
/// After a window that held little the next one is twice as wide.
package struct CatchUpWindow: Sendable {
    /// Where the window begins; nil: with whatever is due.
    package private(set) var start: Timestamp?
    private var width = Duration.seconds(1)

    /// The first window, one second wide.
    package init() {}

    /// Where the window ends.
    ///
    /// - Parameter firstDue: when the first schedule is due at or after `start`; nil: none is.
    package func end(firstDue: Timestamp?, horizon: Timestamp) -> Timestamp {
        guard let firstDue, width < CatchUpWindow.widest else { return horizon }
        return min(horizon, firstDue + width)
    }

    /// Moves on to the next window.
    ///
    /// - Parameters:
    ///   - end: where this one ended.
    ///   - count: how many schedules and planned triggers it held.
    ///   - batch: schedules per transaction.
    package mutating func advance(to end: Timestamp, held count: Int, batch: Int) {
        start = end
        if count < batch, width < CatchUpWindow.widest { width *= 2 }
    }

    /// A window that would be this wide ends at the horizon instead.
    private static let widest = Duration.seconds(86_400)
}
