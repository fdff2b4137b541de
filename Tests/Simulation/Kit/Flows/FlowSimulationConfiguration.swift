package import Store

/// What a run of flows simulates.
package struct FlowSimulationConfiguration: Sendable {
    /// Decides everything that is random.
    package var seed: UInt64
    package var flows: Int
    /// Virtual days in which flows start; afterwards they run to their ends without faults.
    package var days: Int
    /// Whether to print a line per virtual day.
    package var isVerbose = false
    /// How often faults strike.
    package var faults = FaultRates()
    /// Replaces the workers' store by a faulty one, to check that the fault is noticed.
    package var executions: @Sendable (any ExecutionStore) -> any ExecutionStore = { $0 }
    /// Replaces the historian's store, likewise.
    package var history: @Sendable (any HistoryStore) -> any HistoryStore = { $0 }

    /// A run with the usual faults.
    package init(seed: UInt64, flows: Int, days: Int) {
        precondition(flows > 0 && days > 0, "a simulation of nothing")
        self.seed = seed
        self.flows = flows
        self.days = days
    }

    /// The command line that repeats this run.
    package var command: String {
        "swift run -c release simulation flows --seed \(seed) --flows \(flows) --days \(days)"
            + (faults.isDense ? " --dense" : "")
    }
}

/// The result of a run of flows in which no invariant was violated.
package struct FlowSimulationReport: Sendable {
    package var seed: UInt64
    /// Equal for equal runs.
    package var hash: UInt64
    package var flows: Int
    /// By outcome.
    package var succeeded = 0
    package var failed = 0
    package var cancelled = 0
    /// Runs that their schedule's overlap policy left out.
    package var skipped = 0
    /// Executions that were started because others have failed; they count among the above.
    package var handlers = 0
    /// Whose outcome was compared with a run without faults.
    package var compared = 0
    package var events = 0
    package var transitions = 0
    package var historyRows = 0
    package var calls = 0
    /// Calls repeated because of a fault.
    package var repeatedCalls = 0
    package var statistics = SimulationStatistics()

    /// The report, in several lines.
    package var text: String {
        """
        seed \(seed): \(flows) flows, \(transitions) transitions, \(events) events
          succeeded \(succeeded), failed \(failed), cancelled \(cancelled), skipped \(skipped), of failures \(handlers); \
        \(compared) compared with a run without faults
          \(calls) calls, \(repeatedCalls) of them repeated because of a fault; \(historyRows) rows of history
          \(statistics.text)
          no invariant was violated; trace \(String(hash, radix: 16))
        """
    }
}
