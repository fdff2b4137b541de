import Model
import Queue
import Store

/// Starts executions that users ask for one by one, those of a tenant that come together in one transaction.
///
/// Each caller waits for up to `gathering` longer than by itself; in return the database commits once for all of them.
actor ExecutionStarter {
    private struct Waiting {
        var execution: NewExecution
        var continuation: CheckedContinuation<StartResult, any Error>
    }

    private let registry: any ExecutionRegistry
    private let hints: @Sendable ([ExecutionID], TenantID) async -> Void
    private var waiting: [TenantID: [Waiting]] = [:]
    /// Tenants of which a transaction is arranged.
    private var arranged: Set<TenantID> = []

    /// How long starts of a tenant gather.
    private static let gathering = Duration.milliseconds(5)
    /// Starts of one transaction.
    static let most = 200

    /// - Parameter hints: sends the hints of executions that are committed.
    init(_ registry: any ExecutionRegistry, hints: @escaping @Sendable ([ExecutionID], TenantID) async -> Void) {
        self.registry = registry
        self.hints = hints
    }

    /// What became of a start, once it is committed.
    ///
    /// - Parameter now: of the database.
    func start(_ execution: NewExecution, now: Timestamp) async throws -> StartResult {
        try await withCheckedThrowingContinuation { continuation in
            let tenant = execution.tenant
            waiting[tenant, default: []].append(Waiting(execution: execution, continuation: continuation))
            if arranged.insert(tenant).inserted { Task { await commitAll(of: tenant, now: now) } }
        }
    }

    /// Commits what has gathered, until nothing is left.
    private func commitAll(of tenant: TenantID, now: Timestamp) async {
        // If it is cut short fewer have gathered.
        try? await Task.sleep(for: ExecutionStarter.gathering, tolerance: .zero)
        while let all = waiting[tenant], !all.isEmpty {
            let batch = Array(all.prefix(ExecutionStarter.most))
            waiting[tenant] = all.count > batch.count ? Array(all.dropFirst(batch.count)) : nil
            await commit(batch, of: tenant, now: now)
        }
        arranged.remove(tenant)
    }

    /// A failed transaction says the same to all: whoever repeats its request with the same id starts nothing twice
    /// (protocols.md, 25a).
    private func commit(_ batch: [Waiting], of tenant: TenantID, now: Timestamp) async {
        do {
            let results = try await registry.start(batch.map(\.execution), tenant: tenant, now: now)
            await hints(batch.map(\.execution.id), tenant)
            for (item, result) in zip(batch, results) { item.continuation.resume(returning: result) }
        } catch {
            for item in batch { item.continuation.resume(throwing: error) }
        }
    }
}
