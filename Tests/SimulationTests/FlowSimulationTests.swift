import Model
import Store
import Testing

@testable import SimulationKit

/// Short runs of flows in which much goes wrong. Long ones are for `make test`, in release.
@Suite(.serialized) struct FlowSimulationTests {
    private func configuration(_ seed: UInt64) -> FlowSimulationConfiguration {
        var configuration = FlowSimulationConfiguration(seed: seed, flows: 200, days: 1)
        configuration.faults = .dense
        return configuration
    }

    private func run(_ configuration: FlowSimulationConfiguration) async throws -> FlowSimulationReport {
        try await FlowSimulation(configuration).run()
    }

    @Test(arguments: [1, 2, 3, 11] as [UInt64])
    func `no flow is stuck, none ends otherwise, and the history is complete, whatever goes wrong`(
        seed: UInt64
    ) async throws {
        let report = try await run(configuration(seed))
        #expect(
            report.succeeded + report.failed + report.cancelled + report.skipped == report.flows + report.handlers)
        #expect(report.succeeded > 100 && report.compared > 80 && report.statistics.crashes > 20)
    }

    @Test func `a seed gives the same run again, and another seed another run`() async throws {
        let (first, again, other) = (
            try await run(configuration(11)), try await run(configuration(11)), try await run(configuration(12))
        )
        #expect(first.hash == again.hash && first.events == again.events)
        #expect(first.hash != other.hash)
    }

    @Test func `without faults every call is made once`() async throws {
        var configuration = configuration(3)
        configuration.faults = .none
        let report = try await run(configuration)
        #expect(report.repeatedCalls == 0 && report.statistics == SimulationStatistics())
        #expect(report.compared > 100)
    }

    /// Without faults, which would explain that calls are made again.
    @Test(arguments: [
        (BrokenExecutionStore.Fault.losesWakes, "nobody will look at it"), (.keepsArrivals, "was never applied"),
        (.knowsNoWorkers, "called twice"), (.losesEnds, "history"),
    ])
    func `a store that does not do as it should is noticed`(
        fault: BrokenExecutionStore.Fault, message: String
    ) async throws {
        var configuration = configuration(3)
        configuration.faults = .none
        configuration.executions = { BrokenExecutionStore(store: $0, fault: fault) }
        let violation = await #expect(throws: Violation.self) { _ = try await run(configuration) }
        #expect(violation?.what.contains(message) == true, "\(violation.map { "\($0)" } ?? "")")
        #expect(violation?.description.contains("--seed 3") == true)
    }

    @Test func `a history that loses a row is noticed`() async throws {
        var configuration = configuration(3)
        configuration.history = { ForgetfulHistory(store: $0) }
        let violation = await #expect(throws: Violation.self) { _ = try await run(configuration) }
        #expect(violation?.what.contains("numbers") == true)
    }
}
