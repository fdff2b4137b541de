package import Model

/// Turns what is due into triggers. Each verb is one transaction: an error leaves nothing of it, except that after a
/// lost connection its commit may have succeeded. Then the rows belong to an unconfirmed pass, and are sent again.
package protocol ClaimStore: Sendable {
    /// Claims up to `limit` schedules whose next occurrence is in [floor, horizon), in due order, and calls `plan` with
    /// them; re-arms them as it says, inserts its triggers, and records the pass and the planned load. Returns nil if
    /// nothing was due.
    ///
    /// Schedules that another transaction has locked are skipped. An existing trigger is left as it is, and an
    /// occurrence that another revision has called or may yet call gets none (protocols.md, 8a). `beforeCommit` comes
    /// last; its error undoes everything. Both may be called again if the transaction has to be repeated.
    func claimSchedules(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int,
        plan: @escaping @Sendable ([ClaimedSchedule]) -> ShardPlan,
        beforeCommit: @escaping @Sendable () throws -> Void
    ) async throws -> ClaimResult?
    /// Turns planned triggers due in [floor, horizon) queued, up to `limit`, and records the pass. Returns them in the
    /// order of their planned times, to be sent now; fewer than `limit`: there are no more.
    ///
    /// Leaves out triggers whose cancel was requested and those that another transaction has locked.
    ///
    /// - Parameter held: fairness keys whose triggers stay planned.
    func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int, except held: Set<String>
    ) async throws -> [QueuedTrigger]
    /// Expires up to `limit` planned triggers that were due in [floor, now) and whose deadline has passed, because the
    /// queue had no room for them. Returns how many.
    ///
    /// Creates `onFailure` triggers for those that have one configured, in the same transaction; the monitor sends
    /// them.
    func expirePlanned(shard: Int, from floor: Timestamp, now: Timestamp, limit: Int) async throws -> Int
    /// Creates the `onFailure` triggers that a shard owes for triggers that its claims recorded as expired (decision
    /// 0036).
    ///
    /// What is owed is committed with the claim, and removed by the commit that creates its call. The calls are to be
    /// sent now; the monitor sends later what is not.
    ///
    /// - Parameters:
    ///   - limit: how many expired triggers to look at; several of one schedule or tenant give one call, at most one a
    ///     minute.
    ///   - held: tenants whose calls stay owed.
    func createFailureCalls(
        shard: Int, limit: Int, except held: Set<String>
    ) async throws -> CreatedFailureCalls
}
