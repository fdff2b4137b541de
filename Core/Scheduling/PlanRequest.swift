package import Model

/// A schedule whose occurrences are to be planned.
package struct PlanRequest: Sendable {
    package var timing: Timing
    /// The schedule's own bits, `ScheduleIdentity.seed`.
    package var seed: UInt64
    /// The first occurrence not yet planned (`next_at`): nothing before it is planned, wherever the clock stands.
    package var cursor: Timestamp
    /// Triggers planned so far.
    package var fired: Int
    /// `Plan.ahead` of the last plan. Without it live occurrences are planned again while `missed: all` catches up,
    /// which their ids make harmless.
    package var ahead: Range<Timestamp>?

    /// A request for a schedule that has planned nothing yet, unless given.
    package init(
        timing: Timing, seed: UInt64, cursor: Timestamp, fired: Int = 0, ahead: Range<Timestamp>? = nil
    ) {
        self.timing = timing
        self.seed = seed
        self.cursor = cursor
        self.fired = fired
        self.ahead = ahead
    }
}
