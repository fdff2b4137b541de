import Store

/// Decides when the outbox's tables change places, and when the one that is not in use can be emptied. A value without
/// I/O or clock.
struct OutboxTurns {
    /// What to do next.
    enum Step: Hashable {
        case none
        /// Let transactions write to the other table.
        case turn
        /// Empty the table that is not in use.
        case empty
    }

    private let turnAt: Int
    private let turnAfter: Duration
    /// Every transaction that may still write to the table that is not in use has an id below this; nil: it is not
    /// known, after a start or a turn, until the next look.
    private var barrier: UInt64?
    private var turnedAt: ContinuousClock.Instant?

    init(_ configuration: FlowHistorian.Configuration) {
        turnAt = configuration.turnAt
        turnAfter = configuration.turnAfter
    }

    /// - Parameters:
    ///   - bounds: read after the last step was carried out.
    ///   - cursor: everything below it is in the history.
    mutating func next(_ bounds: OutboxBounds, cursor: UInt64, at now: ContinuousClock.Instant) -> Step {
        guard let barrier else {
            // Whoever read the turn before it changed has its id by now, so that this is above it.
            self.barrier = bounds.next
            return .none
        }
        if bounds.other > 0 { return bounds.end >= barrier && cursor >= barrier ? .empty : .none }
        guard bounds.current > 0 else { return .none }
        if bounds.current < turnAt, let turnedAt, now - turnedAt < turnAfter { return .none }
        turnedAt = now
        self.barrier = nil
        return .turn
    }

}
