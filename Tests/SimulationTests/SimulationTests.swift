import FunctionRuntime
import Model
import Queue
import Testing

@testable import SimulationKit

/// Short runs in which much goes wrong. Long ones are for `make test`, in release.
@Suite(.serialized) struct SimulationTests {
    private func configuration(_ seed: UInt64) -> SimulationConfiguration {
        var configuration = SimulationConfiguration(seed: seed, schedules: 200, days: 1, triggers: 5_000)
        configuration.faults = .dense
        return configuration
    }

    private func run(_ configuration: SimulationConfiguration) async throws -> SimulationReport {
        try await Simulation(configuration, zones: SystemZones.catalog).run()
    }

    @Test(arguments: [1, 2, 3, 4, 11] as [UInt64])
    func `nothing is lost and nothing recorded twice, whatever goes wrong`(seed: UInt64) async throws {
        let report = try await run(configuration(seed))
        #expect(report.triggers > 500 && report.statistics.crashes > 20 && report.statistics.losses > 0)
        #expect(report.states[TriggerState.delivered.rawValue] > 0)
    }

    @Test func `a seed gives the same run again, and another seed another run`() async throws {
        let (first, again, other) = (
            try await run(configuration(11)), try await run(configuration(11)), try await run(configuration(12))
        )
        #expect(first.hash == again.hash && first.events == again.events && first.states == again.states)
        #expect(first.hash != other.hash)
    }

    @Test func `without faults every call is made once`() async throws {
        var configuration = configuration(3)
        configuration.faults = .none
        let report = try await run(configuration)
        #expect(report.duplicates == 0 && report.statistics == SimulationStatistics())
    }

    @Test func `a queue that loses a message for good is noticed`() async throws {
        var configuration = configuration(3)
        configuration.queue = { LosingQueue($0) }
        let violation = await #expect(throws: Violation.self) { _ = try await run(configuration) }
        #expect(violation?.trigger != nil && violation?.description.contains("--seed 3") == true)
    }

    @Test func `a loader that plans an occurrence twice is noticed`() async throws {
        var configuration = configuration(3)
        configuration.loaderStore = { DoublingStore($0) }
        let violation = await #expect(throws: Violation.self) { _ = try await run(configuration) }
        #expect(violation?.what.contains("recorded twice") == true)
    }

    @Test func `a historian that forgets an outcome is noticed`() async throws {
        // Without faults, which would explain that calls are made again.
        var configuration = configuration(3)
        configuration.faults = .none
        configuration.outcomeStore = { ForgetfulStore($0) }
        await #expect(throws: Violation.self) { _ = try await run(configuration) }
    }
}
