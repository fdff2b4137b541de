package struct ClaimResult: Sendable {
    /// How many schedules were claimed; fewer than the limit: nothing more is due.
    package var claimed: Int
    /// The queued rows, to be sent now.
    package var toSend: [QueuedTrigger]
    /// Failure calls that the shard owes for what the claim recorded as expired. Nothing is owed for what lapsed before the schedule
    /// was last written or resumed: of that its owner knows.
    package var owed = 0

    package init(claimed: Int, toSend: [QueuedTrigger]) {
        self.claimed = claimed
        self.toSend = toSend
    }
}
