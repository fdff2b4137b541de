/// What becomes of a trigger whose predecessor is still running. Only flow actions run long enough to overlap.
package enum OverlapPolicy: Hashable, Sendable {
    /// Both run. Default.
    case allow
    /// The new one does not run.
    case skip
    /// The new one waits; at most so many wait.
    case queue(Int)
    /// The running one is cancelled.
    case cancel
}
