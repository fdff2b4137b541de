package import Model

/// What the monitor does for executions.
package protocol ExecutionUpkeep: Sendable {
    /// A page of arrivals that came before a time and are not applied, the oldest first.
    ///
    /// - Parameter last: where the page begins: after this one; nil: at the oldest.
    func unapplied(
        after last: UnappliedArrival?, before time: Timestamp, limit: Int
    ) async throws -> [UnappliedArrival]

    /// Removes arrivals.
    func drop(_ arrivals: [UnappliedArrival]) async throws

    /// Ends runs of schedules that have ended or are gone while their rows say since before a time that they run;
    /// returns how many.
    func repairOverlaps(before time: Timestamp, limit: Int) async throws -> Int

    /// Counts ended runs of schedules as successes and failures of these, each once: pauses schedules that reach their
    /// `pauseAfter`, and creates `onFailure` triggers. The oldest first.
    func countRunEnds(limit: Int) async throws -> CountedRuns

    /// Removes executions whose time has come, with all that belongs to them; returns how many.
    func forgetEnded(before time: Timestamp, limit: Int) async throws -> Int
}

/// An arrival that is not applied yet: its hint is under way or lost, or its execution is quarantined or gone.
package struct UnappliedArrival: Hashable, Sendable {
    /// Unique.
    package var id: Int
    package var execution: ExecutionID
    package var tenant: TenantID
    package var at: Timestamp
    /// False: the execution has left the engine.
    package var isKnown: Bool

    /// An arrival as stored.
    package init(id: Int, execution: ExecutionID, tenant: TenantID, at: Timestamp, isKnown: Bool) {
        self.id = id
        self.execution = execution
        self.tenant = tenant
        self.at = at
        self.isKnown = isKnown
    }
}

/// What came of ends of runs.
package struct CountedRuns: Sendable {
    /// How many were counted, or had nobody to be counted for.
    package var count: Int
    /// The `onFailure` triggers that were created, to be sent now.
    package var calls: [QueuedTrigger]
    /// Queued triggers of schedules that were paused, to be cancelled in the queue.
    package var cancelled: [TriggerID]

    /// Nothing, unless given.
    package init(count: Int = 0, calls: [QueuedTrigger] = [], cancelled: [TriggerID] = []) {
        self.count = count
        self.calls = calls
        self.cancelled = cancelled
    }
}
