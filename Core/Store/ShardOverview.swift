package import Model

package struct ShardOverview: Hashable, Sendable {
    package var shard: Int
    /// Floor of the scan for due schedules.
    package var low: Timestamp
    /// Floor of the scan for planned triggers; `distantFuture`: there are none.
    package var plannedLow: Timestamp
    package var pass: Int
    package var confirmedPass: Int
    /// Earliest planned time of unconfirmed rows.
    package var openLow: Timestamp
    /// When the first schedule is due of those that were looked for; nil: none is.
    package var firstDue: Timestamp?
    package var hasDueSchedules: Bool { firstDue != nil }
    /// The earliest time at which a schedule or a planned trigger may be due.
    package var earliest: Timestamp { min(firstDue ?? .distantFuture, plannedLow) }

    package init(
        shard: Int, low: Timestamp, plannedLow: Timestamp, pass: Int, confirmedPass: Int, openLow: Timestamp,
        firstDue: Timestamp?
    ) {
        self.shard = shard
        self.low = low
        self.plannedLow = plannedLow
        self.pass = pass
        self.confirmedPass = confirmedPass
        self.openLow = openLow
        self.firstDue = firstDue
    }
}
