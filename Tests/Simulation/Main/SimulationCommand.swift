import ArgumentParser
import FunctionRuntime
import Model
import SimulationKit

@main struct SimulationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulation",
        abstract: "Run Headgate in virtual time, with faults, and check that nothing is lost.")

    @Option(help: "The same seed gives the same run.") var seed: UInt64 = 1
    @Option(help: "Schedules.") var schedules = 100_000
    @Option(help: "Days of virtual time.") var days = 7
    @Option(help: "About how many triggers are to happen.") var triggers = 200_000
    @Flag(help: "Say each virtual hour what is open.") var verbose = false
    @Option(help: "The id of a trigger of which everything is to be said.") var watch: String?
    @Flag(help: "Much goes wrong all the time: for short runs.") var dense = false

    func run() async throws {
        var settings = SimulationConfiguration(seed: seed, schedules: schedules, days: days, triggers: triggers)
        settings.isVerbose = verbose
        settings.watched = watch.flatMap { TriggerID($0) }
        if dense { settings.faults = .dense }
        let start = ContinuousClock.now
        do {
            let report = try await Simulation(settings, zones: SystemZones.catalog).run()
            print(report.text)
            print("  took \(ContinuousClock.now - start)")
        } catch let violation as Violation {
            print(violation)
            throw ExitCode.failure
        }
    }
}
