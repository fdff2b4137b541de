import Memory
import Model
import Store
import Synchronization
import Testing

@testable import APIFunction

/// Starts that users ask for one by one.
@Suite struct ExecutionStarterTests {
    private struct Unavailable: Error {}

    /// Counts transactions, of which the first may fail.
    private final class Registry: ExecutionRegistry {
        let store: InMemoryFlowStore
        let sizes = Mutex<[Int]>([])
        /// How many transactions fail before one does not.
        let failures: Int

        init(failures: Int = 0) {
            store = InMemoryFlowStore(InMemoryFlowDatabase(clock: { .epoch }))
            self.failures = failures
        }

        func start(_ executions: [NewExecution], tenant: TenantID, now: Timestamp) async throws -> [StartResult] {
            let number = sizes.withLock { sizes in
                sizes.append(executions.count)
                return sizes.count
            }
            if number <= failures { throw Unavailable() }
            // A commit takes a while.
            try await Task.sleep(for: .milliseconds(5))
            return try await store.start(executions, tenant: tenant, now: now)
        }

        func execution(_ id: ExecutionID, tenant: TenantID) async throws -> ExecutionRow? {
            try await store.execution(id, tenant: tenant)
        }
        func executions(
            tenant: TenantID, status: ExecutionStatus?, before id: ExecutionID?, limit: Int
        ) async throws -> [ExecutionRow] {
            try await store.executions(tenant: tenant, status: status, before: id, limit: limit)
        }
        func outputs(of id: ExecutionID, tenant: TenantID) async throws -> [OutputRow] {
            try await store.outputs(of: id, tenant: tenant)
        }
        func eraseExecutions(of tenant: TenantID, limit: Int) async throws -> Int { 0 }
        func eraseFlows(of tenant: TenantID) async throws {}
        func add(
            _ kind: Arrival.Kind, _ payload: [UInt8], to id: ExecutionID, tenant: TenantID, now: Timestamp
        ) async throws -> ArrivalResult { try await store.add(kind, payload, to: id, tenant: tenant, now: now) }
    }

    private func execution(_ number: Int, tenant: TenantID, digest: [UInt8] = [1]) -> NewExecution {
        NewExecution(
            id: ExecutionID(high: UInt64(number), low: 1), tenant: tenant, definition: DefinitionID(high: 1, low: 1),
            input: [], digest: digest)
    }

    @Test func `starts of a tenant that come together are committed together, and each gets its own result`()
        async throws
    {
        let registry = Registry()
        let hinted = Mutex<[ExecutionID]>([])
        let starter = ExecutionStarter(registry) { ids, _ in hinted.withLock { $0 += ids } }
        let count = 600
        let results = try await withThrowingTaskGroup(of: (Int, StartResult).self) { group in
            for number in 0..<count {
                // Each number twice, by the same tenant; of every tenth the second differs.
                let tenant: TenantID = number % 2 == 0 ? "acme" : "other"
                for digest in [[1], number % 10 == 0 ? [2] : [1]] as [[UInt8]] {
                    let execution = execution(number, tenant: tenant, digest: digest)
                    group.addTask { (number, try await starter.start(execution, now: .epoch)) }
                }
            }
            return try await group.reduce(into: [Int: [StartResult]]()) { $0[$1.0, default: []].append($1.1) }
        }
        #expect(results.count == count)
        for (number, found) in results {
            #expect(found.count { $0 == .started } == 1)
            #expect(found.count { $0 == (number % 10 == 0 ? .different : .known) } == 1)
        }
        let sizes = registry.sizes.withLock { $0 }
        #expect(sizes.reduce(0, +) == 2 * count && sizes.count < count / 4, "\(sizes)")
        #expect(sizes.allSatisfy { $0 <= ExecutionStarter.most })
        #expect(hinted.withLock { Set($0) }.count == count)
    }

    @Test func `a transaction that fails says so to all, and the next starts go on`() async throws {
        let starter = ExecutionStarter(Registry(failures: 1)) { _, _ in }
        for expected in [20, 0] {
            let failures = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    let execution = execution(number, tenant: "acme")
                    group.addTask {
                        do {
                            _ = try await starter.start(execution, now: .epoch)
                            return false
                        } catch { return error is Unavailable }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(failures == expected)
        }
    }
}
