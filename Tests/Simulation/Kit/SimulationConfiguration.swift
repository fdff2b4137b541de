package import Model
package import Queue
package import Store

package struct SimulationConfiguration: Sendable {
    package var seed: UInt64
    package var schedules: Int
    package var days: Int
    /// About how many triggers are to happen: the mix of periods follows it, and the run ends early where it is exceeded.
    package var triggers: Int
    package var isVerbose = false
    /// A trigger of which everything is said.
    package var watched: Identifier?
    package var faults = FaultRates()
    /// Replace a part by one that is wrong, to see that it is noticed.
    package var loaderStore: @Sendable (any LoaderStore) -> any LoaderStore = { $0 }
    package var outcomeStore: @Sendable (any OutcomeStore) -> any OutcomeStore = { $0 }
    package var queue: @Sendable (any MessageQueue) -> any MessageQueue = { $0 }

    package init(seed: UInt64, schedules: Int, days: Int, triggers: Int) {
        precondition(schedules > 0 && days > 0 && triggers > 0, "a simulation of nothing")
        self.seed = seed
        self.schedules = schedules
        self.days = days
        self.triggers = triggers
    }

    package var command: String {
        "swift run -c release simulation --seed \(seed) --schedules \(schedules) --days \(days) --triggers \(triggers)"
            + (faults.isDense ? " --dense" : "")
    }
}

/// How often what goes wrong.
package struct FaultRates: Sendable {
    /// A process dies at a step.
    var crash = 0.000_3
    /// It stands still there for milliseconds to minutes, and others go on.
    var pause = 0.000_5
    /// A call took effect and its answer is lost: it is repeated.
    var lostAnswer = 0.001
    /// What was sent is sent again.
    var duplicateSend = 0.001
    /// A day: outages of each part, losses of the queue, steps of the database's clock, changes by users, bad hosts.
    var outagesPerDay = 0.5
    var lossesPerDay = 0.2
    var clockStepsPerDay = 1.0
    var changesPerDay = 2_000.0
    var hostTroublesPerDay = 4.0
    var isDense = false

    package init() {}

    package static var none: FaultRates {
        var rates = FaultRates()
        (rates.crash, rates.pause, rates.lostAnswer, rates.duplicateSend) = (0, 0, 0, 0)
        (rates.outagesPerDay, rates.lossesPerDay, rates.clockStepsPerDay) = (0, 0, 0)
        (rates.changesPerDay, rates.hostTroublesPerDay) = (0, 0)
        return rates
    }

    /// For short runs: as much in an hour as else in days.
    package static var dense: FaultRates {
        var rates = FaultRates()
        rates.isDense = true
        (rates.crash, rates.pause, rates.lostAnswer, rates.duplicateSend) = (0.005, 0.01, 0.01, 0.01)
        (rates.outagesPerDay, rates.lossesPerDay, rates.clockStepsPerDay) = (6, 4, 12)
        (rates.changesPerDay, rates.hostTroublesPerDay) = (2_000, 24)
        return rates
    }
}
