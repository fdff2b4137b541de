package import Model

/// What a claim writes: one re-arm for each claimed schedule, in their order, and rows to insert.
package struct ShardPlan: Sendable {
    package struct Rearm: Hashable, Sendable {
        /// Nil: finished.
        package var nextAt: Timestamp?
        package var fired: Int
        package var ahead: Range<Timestamp>?
        /// Where its planning goes on, if not at `nextAt`: it could not be planned, and is looked at again then.
        package var resumeAt: Timestamp?

        package init(nextAt: Timestamp?, fired: Int, ahead: Range<Timestamp>? = nil, resumeAt: Timestamp? = nil) {
            self.resumeAt = resumeAt
            self.nextAt = nextAt
            self.fired = fired
            self.ahead = ahead
        }
    }

    package var rearms: [Rearm] = []
    package var rows: [NewTrigger] = []
    /// Seconds and by how much their planned load changes.
    package var load: [(second: Int64, count: Int)] = []

    package init() {}
}
