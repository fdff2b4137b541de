/// What becomes of a trigger whose predecessor still runs. Only flow actions run long enough to overlap.
package enum OverlapPolicy: Hashable, Sendable {
    /// Both run. The default.
    case allow
    /// The new one does not run.
    case skip
    /// The new one waits; at most so many wait.
    case queue(Int)
    /// The running one is cancelled.
    case cancel
}
