import Model
import Queue
import Store

/// Starts executions that users ask for one by one, those of a tenant that come together in one transaction.
///
/// Each caller waits for up to `gathering` longer than by itself; in return the database commits once for all of them.
actor ExecutionStarter {
    private struct Waiting {
        var execution: NewExecution
        /// Of the database, when it was asked for.
        var now: Timestamp
        var continuation: CheckedContinuation<StartResult, any Error>
    }

    private let registry: any ExecutionRegistry
    private let hints: @Sendable ([ExecutionID], TenantID) async -> Void
    private var waiting: [TenantID: [Waiting]] = [:]
    /// Tenants of which a transaction is arranged.
    private var arranged: Set<TenantID> = []
    /// Sends of hints under way.
    private var hinting = 0

    /// How long starts of a tenant gather.
    private static let gathering = Duration.milliseconds(5)
    /// Starts of one transaction.
    static let most = 200
    /// Sends of hints that are under way while others are committed: a queue that hangs holds up no more starts.
    private static let mostHinting = 16

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
            waiting[tenant, default: []].append(Waiting(execution: execution, now: now, continuation: continuation))
            if arranged.insert(tenant).inserted { Task { await commitAll(of: tenant) } }
        }
    }

    /// Commits what has gathered, until nothing is left.
    private func commitAll(of tenant: TenantID) async {
        // If it is cut short fewer have gathered.
        try? await Task.sleep(for: ExecutionStarter.gathering, tolerance: .zero)
        while let all = waiting[tenant], !all.isEmpty {
            let batch = Array(all.prefix(ExecutionStarter.most))
            waiting[tenant] = all.count > batch.count ? Array(all.dropFirst(batch.count)) : nil
            await commit(batch, of: tenant)
        }
        arranged.remove(tenant)
    }

    /// A failed transaction says the same to all: whoever repeats its request with the same id starts nothing twice
    /// (protocols.md, 25a).
    private func commit(_ batch: [Waiting], of tenant: TenantID) async {
        do {
            let now = batch.map(\.now).max() ?? .epoch
            let results = try await registry.start(batch.map(\.execution), tenant: tenant, now: now)
            for (item, result) in zip(batch, results) { item.continuation.resume(returning: result) }
            await sendHints(batch.map(\.execution.id), of: tenant)
        } catch {
            for item in batch { item.continuation.resume(throwing: error) }
        }
    }

    /// Beside the next commits, unless too many sends are under way.
    private func sendHints(_ ids: [ExecutionID], of tenant: TenantID) async {
        guard hinting < ExecutionStarter.mostHinting else { return await hints(ids, tenant) }
        hinting += 1
        Task {
            await hints(ids, tenant)
            hinting -= 1
        }
    }
}
