/// What one claim of due schedules committed.
package struct ClaimResult: Sendable {
    /// How many schedules were claimed; fewer than the limit: nothing more is due.
    package var claimed: Int
    /// The queued triggers that the claim inserted, to be sent now. Those that existed already are left out: they may
    /// have been delivered long ago.
    package var toSend: [QueuedTrigger]
    /// Failure calls that the shard now owes for triggers that the claim recorded as expired. None is owed for
    /// occurrences from before the schedule was last written or resumed, which its owner knows about.
    package var owed = 0

    /// A claim that owes no failure calls.
    package init(claimed: Int, toSend: [QueuedTrigger]) {
        self.claimed = claimed
        self.toSend = toSend
    }
}
