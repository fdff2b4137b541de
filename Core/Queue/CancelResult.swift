/// What cancelling did to one message.
package enum CancelResult: Hashable, Sendable {
    /// Removed, and no worker ever had it.
    case removed
    /// Removed, but it was received or attempted before: its target may have seen it.
    case removedAfterReceive
    /// Not removed: it is leased, or settled with an outcome that is not recorded yet. The outcome decides.
    case inFlight
    /// The queue did not have it; the id is now known for `QueueRules.forgetAfter`.
    case unknown

    /// Whether the queue does not have it any more.
    package var isGone: Bool { self != .inFlight }
    /// Whether its target may have been called, or may be called yet.
    package var mayBeCalled: Bool { self == .removedAfterReceive || self == .inFlight }
}
