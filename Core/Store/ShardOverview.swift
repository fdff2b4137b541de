package import Model

/// What a loader needs to know of a shard to decide whether there is work.
package struct ShardOverview: Hashable, Sendable {
    package var shard: Int
    /// The floor of the scan for due schedules: no armed schedule is due before it.
    package var low: Timestamp
    /// The floor of the scan for planned triggers; `distantFuture`: there are none.
    package var plannedLow: Timestamp
    /// The last pass that began.
    package var pass: Int
    /// The last pass up to which everything was sent.
    package var confirmedPass: Int
    /// The earliest planned time among the queued triggers of unconfirmed passes; `distantFuture`: there are none.
    package var unconfirmedLow: Timestamp
    /// When the first due schedule in the range asked for is due; nil: none is.
    package var firstDue: Timestamp?
    /// Whether any schedule in that range is due.
    package var hasDueSchedules: Bool { firstDue != nil }
    /// The earliest time at which a schedule or a planned trigger may be due.
    package var earliest: Timestamp { min(firstDue ?? .distantFuture, plannedLow) }

    /// An overview as the store reports it.
    package init(
        shard: Int, low: Timestamp, plannedLow: Timestamp, pass: Int, confirmedPass: Int, unconfirmedLow: Timestamp,
        firstDue: Timestamp?
    ) {
        self.shard = shard
        self.low = low
        self.plannedLow = plannedLow
        self.pass = pass
        self.confirmedPass = confirmedPass
        self.unconfirmedLow = unconfirmedLow
        self.firstDue = firstDue
    }
}
