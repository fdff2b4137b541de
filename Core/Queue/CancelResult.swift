package enum CancelResult: Hashable, Sendable {
    /// No worker ever had it.
    case removed
    /// Removed, and a worker has had it: its target may have seen it.
    case removedAfterReceive
    /// Somebody holds it; its outcome decides.
    case inFlight
    case unknown

    /// The queue does not have it any more.
    package var isGone: Bool { self != .inFlight }
    package var mayBeCalled: Bool { self == .removedAfterReceive || self == .inFlight }
}
