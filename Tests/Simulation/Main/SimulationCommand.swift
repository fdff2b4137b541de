import ArgumentParser
import FunctionRuntime
import Model
import SimulationKit

@main struct SimulationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulation",
        abstract: "Run Headgate in virtual time, with faults, and check that nothing is lost.",
        subcommands: [ScheduleSimulation.self, FlowSimulationCommand.self], defaultSubcommand: ScheduleSimulation.self)
}

/// Prints a violation, and ends with a failure.
private func reporting(_ body: () async throws -> String) async throws {
    let start = ContinuousClock.now
    do {
        print(try await body())
        print("  took \(ContinuousClock.now - start)")
    } catch let violation as Violation {
        print(violation)
        throw ExitCode.failure
    }
}

struct ScheduleSimulation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules", abstract: "Schedules, their triggers and the calls to targets.")

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
        try await reporting { try await Simulation(settings, zones: SystemZones.catalog).run().text }
    }
}

struct FlowSimulationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flows", abstract: "Executions of flows, and the remote systems that they call.")

    @Option(help: "The same seed gives the same run.") var seed: UInt64 = 1
    @Option(help: "Executions.") var flows = 100_000
    @Option(help: "Days of virtual time in which they start.") var days = 30
    @Flag(help: "Say each virtual hour what is open.") var verbose = false
    @Flag(help: "Much goes wrong all the time: for short runs.") var dense = false

    func run() async throws {
        var settings = FlowSimulationConfiguration(seed: seed, flows: flows, days: days)
        settings.isVerbose = verbose
        if dense { settings.faults = .dense }
        try await reporting { try await FlowSimulation(settings).run().text }
    }
}
