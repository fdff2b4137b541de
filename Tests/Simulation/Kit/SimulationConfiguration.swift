package import Model
package import Queue
package import Store

/// What a run simulates.
package struct SimulationConfiguration: Sendable {
    /// Decides everything that is random.
    package var seed: UInt64
    package var schedules: Int
    /// Virtual days, without the drain at the end.
    package var days: Int
    /// Roughly how many triggers there will be: the mix of periods follows from it. A run with more than four times as
    /// many fails.
    package var triggers: Int
    /// Whether to print a line per virtual hour.
    package var isVerbose = false
    /// A trigger about which everything is printed.
    package var watched: TriggerID?
    /// How often faults strike.
    package var faults = FaultRates()
    /// Replaces the loaders' store by a faulty one, to check that the fault is noticed.
    package var loaderStore: @Sendable (any LoaderStore) -> any LoaderStore = { $0 }
    /// Replaces the historian's store, likewise.
    package var outcomeStore: @Sendable (any OutcomeStore) -> any OutcomeStore = { $0 }
    /// Replaces the queue of triggers, likewise.
    package var queue: @Sendable (any MessageQueue) -> any MessageQueue = { $0 }

    /// A run with the usual faults.
    package init(seed: UInt64, schedules: Int, days: Int, triggers: Int) {
        precondition(schedules > 0 && days > 0 && triggers > 0, "a simulation of nothing")
        self.seed = seed
        self.schedules = schedules
        self.days = days
        self.triggers = triggers
    }

    /// The command line that repeats this run.
    package var command: String {
        "swift run -c release simulation --seed \(seed) --schedules \(schedules) --days \(days) --triggers \(triggers)"
            + (faults.isDense ? " --dense" : "")
    }
}

/// How often each thing goes wrong.
package struct FaultRates: Sendable {
    /// Probability that a process dies at a step.
    var crash = 0.000_3
    /// Probability that it stops there for milliseconds to minutes while others go on.
    var pause = 0.000_5
    /// Probability that a call takes effect and its answer is lost, so that it is repeated.
    var lostAnswer = 0.001
    /// Probability that what was sent is sent again.
    var duplicateSend = 0.001
    /// Outages of each part; below it losses of the queue, steps of the database's clock, changes by users, failing
    /// hosts.
    var outagesPerDay = 0.5
    var lossesPerDay = 0.2
    var clockStepsPerDay = 1.0
    var changesPerDay = 2_000.0
    var hostTroublesPerDay = 4.0
    var isDense = false

    /// The usual rates, for runs of many days.
    package init() {}

    /// Nothing goes wrong.
    package static var none: FaultRates {
        var rates = FaultRates()
        (rates.crash, rates.pause, rates.lostAnswer, rates.duplicateSend) = (0, 0, 0, 0)
        (rates.outagesPerDay, rates.lossesPerDay, rates.clockStepsPerDay) = (0, 0, 0)
        (rates.changesPerDay, rates.hostTroublesPerDay) = (0, 0)
        return rates
    }

    /// For short runs: as much in an hour as otherwise in days.
    package static var dense: FaultRates {
        var rates = FaultRates()
        rates.isDense = true
        (rates.crash, rates.pause, rates.lostAnswer, rates.duplicateSend) = (0.005, 0.01, 0.01, 0.01)
        (rates.outagesPerDay, rates.lossesPerDay, rates.clockStepsPerDay) = (6, 4, 12)
        (rates.changesPerDay, rates.hostTroublesPerDay) = (2_000, 24)
        return rates
    }
}
