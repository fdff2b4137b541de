package import Model

/// What a claim writes: one re-arm for each claimed schedule, in their order, and rows to insert.
package struct ShardPlan: Sendable {
    /// Where a claimed schedule's planning goes on.
    package struct Rearm: Hashable, Sendable {
        /// When it is due next; nil: it is finished.
        package var nextAt: Timestamp?
        /// Triggers of its revision planned so far.
        package var fired: Int
        /// Live occurrences planned while missed ones are still being caught up with; nil: it has caught up.
        package var ahead: Range<Timestamp>?
        /// The first unplanned occurrence of a schedule that could not be planned, and is tried again at `nextAt`; nil:
        /// planning goes on at `nextAt`.
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
