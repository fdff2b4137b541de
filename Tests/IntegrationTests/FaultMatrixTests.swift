import Foundation
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
        "select coalesce(max(version), 0) from he 15068805786984160151": "headgate migrate, of the history",
        "cancel-lost": "triggers older than the table of kept actions",
    ]

    /// Sent only in some runs, and then perhaps not again; other tests let them run.
    private static let sometimes: Set<String> = ["lower-planned-floors"]

    @Test func `any statement may fail once, and work goes on`() async throws {
        let seen = try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for function in ["loader", "historian", "monitor", "api"] {
                group.addTask { try await Self.makeFail(statementsOf: function) }
            }
            return try await group.reduce(into: Set<String>()) { $0.formUnion($1.map(StatementCatalog.common)) }
        }
        let missing = try StatementCatalog.declared().filter {
            !seen.contains($0) && Self.elsewhere[$0] == nil && !Self.sometimes.contains($0)
        }
        #expect(missing.isEmpty, "run by no function under test: \(missing.sorted().joined(separator: "; "))")
        for name in Self.elsewhere.keys { #expect(!seen.contains(name), "\(name) is run, and need not be left out") }
    }

    /// Those that it has sent.
    private static func makeFail(statementsOf function: String) async throws -> Set<String> {
        let result = Mutex<Set<String>>([])
        try await Cluster.with { it in
            let load = try await FaultLoad(it, faulty: function)
            defer { load.proxy.stop() }
            try await load.warmUp()
            let statements = load.proxy.seen.filter { !$0.hasPrefix("script: set") }.sorted()
            #expect(statements.count > 3, "\(statements)")
            var failures: [String] = []
            for (index, statement) in statements.enumerated() {
                let faults = PostgresProxy.Fault.allCases
                for fault in isLong ? faults : [faults[(index + function.count) % faults.count]] {
                    guard let failure = try await load.check(statement, fault) else { continue }
                    if sometimes.contains(statement), failure == FaultLoad.notRunAgain { continue }
                    failures.append("\(function): \(statement), \(fault): \(failure)")
                }
            }
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
            try await load.finish()
            result.withLock { $0 = load.proxy.seen }
        }
        return result.withLock { $0 }
    }
}
