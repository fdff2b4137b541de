import Model

/// What a run came to.
package struct SimulationReport: Sendable {
    package var seed: UInt64
    package var hash: UInt64
    package var events: Int
    package var virtual: Duration
    package var schedules: Int
    /// Occurrences by the final state of their records.
    package var states: [Int]
    package var calls: Int
    /// Calls that were made a second time because of a fault.
    package var duplicates: Int
    package var statistics: SimulationStatistics

    package var triggers: Int { states.reduce(0, +) }

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

/// Faults that struck.
package struct SimulationStatistics: Hashable, Sendable {
    package var crashes = 0
    package var pauses = 0
    package var outages = 0
    package var losses = 0
    package var clockSteps = 0
    package var changes = 0
    package var lostAnswers = 0
    package var duplicateSends = 0
    package var staleSends = 0
    package var staleSettlements = 0
    package var resent = 0

    var text: String {
        """
        faults: \(crashes) crashes, \(pauses) pauses, \(outages) outages, \(losses) losses of the queue, \
        \(clockSteps) clock steps, \(lostAnswers) lost answers, \(duplicateSends) double sends, \(changes) changes; \
        \(staleSends) stale sends, \(staleSettlements) stale settlements, \(resent) sent again by the monitor
        """
    }
}
