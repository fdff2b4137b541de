package import Model

/// Turns what is due into triggers. A claim and what follows from it is one transaction.
package protocol ClaimStore: Sendable {
    /// Claims up to `limit` due schedules, plans them with `plan`, and writes what it says, all in one transaction.
    /// An error of `beforeCommit` undoes it. Returns the triggers to be sent now, or nil when nothing was due.
    func claimSchedules(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int,
        plan: @escaping @Sendable ([ClaimedSchedule]) -> ShardPlan,
        beforeCommit: @escaping @Sendable () throws -> Void
    ) async throws -> ClaimResult?
    /// Turns planned triggers due before `horizon` queued. Fewer than `limit`: there are no more.
    ///
    /// - Parameter held: fairness keys whose triggers stay planned.
    func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int, except held: Set<String>
    ) async throws -> [QueuedTrigger]
    /// Makes planned triggers expired whose deadline has passed, up to `limit`: the queue had no room for them. How many.
    func expirePlanned(shard: Int, from floor: Timestamp, now: Timestamp, limit: Int) async throws -> Int
    /// Creates the `onFailure` triggers that a shard owes for triggers that its claims recorded as expired.
    ///
    /// What is owed is committed with the claim, and leaves the list with the commit that creates its call. The calls are to be
    /// sent now; the monitor sends later what is not.
    ///
    /// - Parameters:
    ///   - limit: how many expired triggers are looked at; several of one schedule or tenant give one call, at most one a minute.
    ///   - held: tenants whose calls stay owed.
    func makeFailureCalls(
        shard: Int, limit: Int, except held: Set<String>
    ) async throws -> (calls: [QueuedTrigger], isMore: Bool)
}
