import Foundation
import Model
import Postgres
import Scheduling
import Store
import Synchronization
import TestServers
import Testing

/// Overlap decided in Postgres, with a stand-in for flows: it starts runs, and ends them in any order.
@Suite(.serialized) struct OverlapTests {
    /// Decisions under the lock of a schedule's row, each in a transaction of its own.
    private final class Decisions: Sendable {
        private let connection: PostgresConnection

        init(url: String) { connection = PostgresConnection(.init(url: url, applicationName: "test")) }

        func withOverlap<Decision: Sendable>(
            of schedule: ScheduleID, _ change: @escaping @Sendable (inout OverlapState) -> Decision
        ) async throws -> Decision {
            try await connection.transaction { transaction throws(PostgresError) in
                try transaction.withOverlap(of: schedule, tenant: "acme", now: .epoch) { row in
                    var state = OverlapState(running: row.running, waiting: row.waiting)
                    defer { row = OverlapRow(running: state.running, waiting: state.waiting) }
                    return change(&state)
                }
            }
        }

        func close() async { await connection.close() }
    }

    private final class StandIn: Sendable {
        private let store: Decisions
        private let schedule: ScheduleID
        private let policy: OverlapPolicy
        private let log = Mutex<(running: Set<Identifier>, most: Int, ran: Int, skipped: Int)>(([], 0, 0, 0))
        var result: (most: Int, ran: Int, skipped: Int) { log.withLock { ($0.most, $0.ran, $0.skipped) } }

        init(_ store: Decisions, schedule: ScheduleID, policy: OverlapPolicy) {
            self.store = store
            self.schedule = schedule
            self.policy = policy
        }

        /// Asks for a run, and asks again as a worker that has lost its answer does.
        func start(_ run: Identifier) async throws {
            let first = try await decide(run)
            // A replaced run that asked again would replace the one after it: it is known as an execution by then.
            if policy != .cancel, first != .skip { #expect(try await decide(run) == first) }
            switch first {
            case .run(let cancelled):
                if let cancelled { log.withLock { _ = $0.running.remove(cancelled) } }
                begin(run)
            case .skip: log.withLock { $0.skipped += 1 }
            case .wait: break
            }
        }

        private func decide(_ run: Identifier) async throws -> OverlapState.Start {
            try await store.withOverlap(of: schedule) { [policy] state in state.start(run, policy: policy) }
        }

        private func begin(_ run: Identifier) {
            log.withLock {
                $0.running.insert(run)
                $0.most = max($0.most, $0.running.count)
                $0.ran += 1
            }
        }

        /// Ends whatever runs; false: nothing did.
        func finishOne() async throws -> Bool {
            guard let run = log.withLock({ $0.running.popFirst() }) else { return false }
            let next = try await store.withOverlap(of: schedule) { state in state.finish(run) }
            if let next { begin(next) }
            return true
        }
    }

    @Test(arguments: [OverlapPolicy.skip, .queue(2), .cancel])
    func `of many runs at once one goes on, and all are accounted for`(policy: OverlapPolicy) async throws {
        try await Cluster.with { it in
            let url = it.postgres.postgresURL(user: "headgate_engine")
            let stores = (0..<4).map { _ in Decisions(url: url) }
            let schedule = ScheduleID(high: 7, low: 7)
            // Every store is another process that asks for the same schedule.
            let ran = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for (index, store) in stores.enumerated() {
                    group.addTask {
                        let standIn = StandIn(store, schedule: schedule, policy: policy)
                        for number in 0..<20 {
                            try await standIn.start(Identifier(high: UInt64(index), low: UInt64(number)))
                        }
                        return (standIn.result.ran, standIn.result.skipped)
                    }
                }
                var total = (0, 0)
                for try await part in group { total = (total.0 + part.0, total.1 + part.1) }
                return total
            }
            let waiting = try await it.number(
                "select coalesce(sum(cardinality(waiting)), 0)::int from headgate.overlap")
            #expect(ran.0 + ran.1 + waiting == 80)
            if policy != .cancel { #expect(ran.0 == 1, "the first, which nobody ended") }
            if policy == .cancel { #expect(ran.0 == 80 && ran.1 == 0) }
            #expect(waiting == (policy == .queue(2) ? 2 : 0))
            #expect(try await it.number("select count(*) from headgate.overlap where running is not null") == 1)
            for store in stores { await store.close() }
        }
    }

    @Test func `runs that end let those that wait begin, one by one, until the row is gone`() async throws {
        try await Cluster.with { it in
            let store = Decisions(url: it.postgres.postgresURL(user: "headgate_engine"))
            let standIn = StandIn(store, schedule: ScheduleID(high: 9, low: 9), policy: .queue(3))
            for number in 0..<6 { try await standIn.start(Identifier(high: 0, low: UInt64(number + 1))) }
            while try await standIn.finishOne() {}
            #expect(standIn.result == (most: 1, ran: 4, skipped: 2))
            #expect(try await it.count(of: .overlaps) == 0)
            await store.close()
        }
    }
}
