package import Model

/// What is known of the schedule of a trigger that starts a flow.
package struct TriggerOrigin: Hashable, Sendable {
    package var trigger: TriggerID
    package var schedule: ScheduleID
    /// The schedule's timing as stored; nil: it is gone.
    package var timing: [UInt8]?

    /// An origin as stored.
    package init(trigger: TriggerID, schedule: ScheduleID, timing: [UInt8]?) {
        self.trigger = trigger
        self.schedule = schedule
        self.timing = timing
    }
}

/// What runs and what waits of a schedule whose runs must not overlap: a row that is locked while it is decided on.
package struct OverlapRow: Hashable, Sendable {
    package var running: Identifier?
    /// In the order in which they came.
    package var waiting: [Identifier]

    /// A row as stored.
    package init(running: Identifier? = nil, waiting: [Identifier] = []) {
        self.running = running
        self.waiting = waiting
    }
}

/// What becomes of an execution that asks to start beside others of its schedule.
package enum OverlapDecision: Hashable, Sendable {
    /// It runs now; the other one, if any, is cancelled.
    case run(cancelling: ExecutionID?)
    /// It runs once those before it have ended.
    case wait
    /// It does not run.
    case skip
}

/// Starts of flows by triggers (protocols.md, 10). Runs in the engine's role, for all tenants.
package protocol TriggerStarts: Sendable {
    /// The schedules of triggers, with their timing. Triggers that do not exist are left out.
    func origins(of triggers: [TriggerID]) async throws -> [TriggerOrigin]

    /// Starts executions in one transaction. Those with a schedule and an entry in `mayOverlap` of false are decided on
    /// under the lock of their schedule's row.
    ///
    /// - Parameter decide: decides on a new execution, and changes the row accordingly. It must have no other effects.
    func start(
        _ executions: [NewExecution], mayOverlap: [Bool], now: Timestamp,
        decide: @escaping @Sendable (inout OverlapRow, ExecutionID) -> OverlapDecision
    ) async throws -> [TriggerStartResult]
}

/// What became of a start by a trigger.
package enum TriggerStartResult: Hashable, Sendable {
    /// It runs or waits; the other one was asked to cancel.
    case started(cancelling: ExecutionID?)
    /// It was started before.
    case known
    case skipped
}
