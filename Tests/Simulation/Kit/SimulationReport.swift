import Model

/// The result of a run in which no invariant was violated.
package struct SimulationReport: Sendable {
    package var seed: UInt64
    /// The hash of the trace: equal for equal runs.
    package var hash: UInt64
    package var events: Int
    /// How much virtual time passed.
    package var virtual: Duration
    /// Schedules at the end.
    package var schedules: Int
    /// Occurrences by the final state of their records, indexed by the state's raw value.
    package var states: [Int]
    /// Calls that reached a target.
    package var calls: Int
    /// Calls repeated because of a fault.
    package var duplicates: Int
    package var statistics: SimulationStatistics

    /// Occurrences with a final record.
    package var triggers: Int { states.reduce(0, +) }

    /// The report, in several lines.
    package var text: String {
        let ends = TriggerState.allCases.filter(\.isFinal).map { "\($0.name) \(states[$0.rawValue])" }
        return """
            seed \(seed): \(schedules) schedules, \(triggers) triggers, \(events) events in \(virtual.text)
              \(ends.joined(separator: ", "))
              \(calls) calls, \(duplicates) of them repeated because of a fault
              \(statistics.text)
              no invariant was violated; trace \(String(hash, radix: 16))
            """
    }
}

/// The faults that struck, and what the processes made of them.
package struct SimulationStatistics: Hashable, Sendable {
    /// Processes that died at a step.
    package var crashes = 0
    /// Processes that stopped at a step for a while.
    package var pauses = 0
    package var outages = 0
    /// Total losses of the queues.
    package var losses = 0
    package var clockSteps = 0
    /// Changes by users and operators.
    package var changes = 0
    /// Calls repeated although they had taken effect.
    package var lostAnswers = 0
    /// Batches sent twice.
    package var duplicateSends = 0
    /// Messages refused because their ticket was too old.
    package var staleSends = 0
    /// Settlements whose lease had ended.
    package var staleSettlements = 0
    /// Messages that the monitor sent and the queue did not know.
    package var resent = 0

    var text: String {
        """
        faults: \(crashes) crashes, \(pauses) pauses, \(outages) outages, \(losses) losses of the queue, \
        \(clockSteps) clock steps, \(lostAnswers) lost answers, \(duplicateSends) double sends, \(changes) changes; \
        \(staleSends) stale sends, \(staleSettlements) stale settlements, \(resent) sent again by the monitor
        """
    }
}
