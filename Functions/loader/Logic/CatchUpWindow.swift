package import Model

/// How far a loader plans at a time while the workers are behind.
///
/// What is due then is planned in windows, the earliest first, and each over all shards: no shard waits until everything of another is
/// planned, hours of missed occurrences or the next seconds, say (protocols.md, 12b). A window that holds little is followed by one of
/// twice its width.
package struct CatchUpWindow: Sendable {
    private var width = Duration.seconds(1)

    package init() {}

    /// The end of a window that begins with what is due first.
    package func end(earliest: Timestamp, horizon: Timestamp) -> Timestamp {
        width < CatchUpWindow.widest ? min(horizon, earliest + width) : horizon
    }

    /// - Parameters:
    ///   - count: what the window held.
    ///   - batch: schedules a transaction.
    package mutating func held(_ count: Int, batch: Int) {
        if count < batch, width < CatchUpWindow.widest { width *= 2 }
    }

    /// From here on a window has no end.
    private static let widest = Duration.seconds(86_400)
}
