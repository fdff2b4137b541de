import Foundation
import HTTP
import Model
import Postgres
import Queue
import Redis
import Store
import Synchronization
import TestServers
import Testing

/// Every statement that a function sends fails once, in each way, under light load: afterwards everything is delivered and recorded as
/// it should be, without a restart, within 15 s (protocols.md, 25a; invariant 9).
///
/// The short form makes each statement fail in one way, the long one (`HEADGATE_TEST_FAULTS=all`, `make test-faults`) in every way.
@Suite(.serialized) struct FaultMatrixTests {
    private static let isLong = ProcessInfo.processInfo.environment["HEADGATE_TEST_FAULTS"] == "all"

    /// Declared, and sent by no function under test.
    private static let elsewhere: [String: String] = [
        "reshard-page": "headgate reshard, a command", "reshard-lock": "headgate reshard, a command",
        "reshard-triggers": "headgate reshard, a command", "reshard-schedules": "headgate reshard, a command",
        "select coalesce(max(version), 0) from headgate.migration": "headgate migrate, a command",
        "lock-overlap": "nobody yet: flows", "settle-gone": "triggers older than the table of kept actions",
        "delete from headgate.overlap where schedule_id = $1": "nobody yet: flows",
    ]

    @Test(arguments: ["loader", "historian", "monitor", "api"])
    func `any statement may fail once, and work goes on`(function: String) async throws {
        try await Cluster.with { it in
            let load = try await FaultLoad(it, faulty: function)
            defer { load.proxy.stop() }
            try await load.warmUp()
            var statements = load.proxy.seen.filter { !$0.hasPrefix("script: set") }.sorted()
            #expect(statements.count > 3, "\(statements)")
            if function != "api" { statements.removeAll { $0 == "begin" && !Self.isLong } }
            var failures: [String] = []
            for (index, statement) in statements.enumerated() {
                let faults = PostgresProxy.Fault.allCases
                for fault in Self.isLong ? faults : [faults[(index + function.count) % faults.count]] {
                    if let failure = try await load.check(statement, fault) { failures.append("\(statement), \(fault): \(failure)") }
                }
            }
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
            try await load.finish()
            FaultCoverage.shared.add(function, load.proxy.seen)
        }
    }

    /// Runs after the others: the suite is serialized.
    @Test func `zz: no declared statement was left out`() throws {
        guard FaultCoverage.shared.functions.count == 4 else { return }
        let seen = Set(FaultCoverage.shared.seen.map(StatementCatalog.common))
        let missing = try StatementCatalog.declared().filter { !seen.contains($0) && Self.elsewhere[$0] == nil }
        #expect(missing.isEmpty, "run by no function under test: \(missing.sorted().joined(separator: "; "))")
        for name in Self.elsewhere.keys { #expect(!seen.contains(name), "\(name) is run, and need not be left out") }
    }
}

/// What the functions of the matrix have sent.
final class FaultCoverage: Sendable {
    static let shared = FaultCoverage()
    private let state = Mutex<[String: Set<String>]>([:])
    var functions: Set<String> { state.withLock { Set($0.keys) } }
    var seen: Set<String> { state.withLock { $0.values.reduce(into: []) { $0.formUnion($1) } } }
    func add(_ function: String, _ names: Set<String>) { state.withLock { $0[function] = names } }
}
