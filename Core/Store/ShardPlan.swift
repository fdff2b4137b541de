package import Model

/// What a claim writes: one re-arm for each claimed schedule, in their order, and rows to insert.
package struct ShardPlan: Sendable {
    /// Where a claimed schedule's planning goes on.
    package struct Rearm: Hashable, Sendable {
        /// When it is due next; nil: it is finished.
        package var nextAt: Timestamp?
        /// How many triggers of its present revision have been planned so far.
        package var fired: Int
        /// While a schedule is still catching up on missed occurrences: the range whose live occurrences are planned
        /// already. Nil: it is not catching up.
        package var ahead: Range<Timestamp>?
        /// Set if the schedule could not be planned this time: its first unplanned occurrence, from which planning is
        /// tried again at the time `nextAt`. Nil: `nextAt` is itself the next occurrence to plan.
        package var resumeAt: Timestamp?

        /// By default, a schedule that has nothing left to catch up with.
        package init(nextAt: Timestamp?, fired: Int, ahead: Range<Timestamp>? = nil, resumeAt: Timestamp? = nil) {
            self.resumeAt = resumeAt
            self.nextAt = nextAt
            self.fired = fired
            self.ahead = ahead
        }
    }

    package var rearms: [Rearm] = []
    package var rows: [NewTrigger] = []
    /// Planned triggers added, by Unix second.
    package var load: [(second: Int64, count: Int)] = []

    /// An empty plan.
    package init() {}
}
