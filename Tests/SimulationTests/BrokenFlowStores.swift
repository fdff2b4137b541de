import Model
import Store

/// An execution store that does not do as it should, in one way.
struct BrokenExecutionStore: ExecutionStore {
    /// What is wrong with it.
    enum Fault {
        /// Nobody is told when an execution is to be woken.
        case losesWakes
        /// Arrivals stay after they were applied.
        case keepsArrivals
        /// Every other worker is taken for dead.
        case knowsNoWorkers
        /// An execution that has ended does not become so.
        case losesEnds
    }

    let store: any ExecutionStore
    let fault: Fault

    func transition(
        _ ids: [ExecutionID],
        _ decide: @escaping @Sendable ([LockedExecution], _ now: Timestamp) -> [ExecutionWrite]
    ) async throws -> TransitionResult {
        let fault = fault
        return try await store.transition(ids) { locked, now in
            decide(locked, now).map { write in
                var write = write
                switch fault {
                case .losesWakes: if case .set = write.wake { write.wake = .remove }
                case .keepsArrivals: write.arrivals = []
                case .losesEnds: if write.status.isEnded { write.history = nil }
                case .knowsNoWorkers: break
                }
                return write
            }
        }
    }

    func renew(worker: Identifier, host: String, lifetime: Duration) async throws -> Set<Identifier> {
        let alive = try await store.renew(worker: worker, host: host, lifetime: lifetime)
        return fault == .knowsNoWorkers ? [worker] : alive
    }

    func remove(worker: Identifier) async throws { try await store.remove(worker: worker) }

    func store(
        answers: [(execution: ExecutionID, tenant: TenantID, payload: [UInt8])], now: Timestamp
    ) async throws {
        try await store.store(answers: answers, now: now)
    }

    func countFailure(
        of id: ExecutionID, reason: String, now: Timestamp,
        record: @escaping @Sendable (ExecutionRow) -> [UInt8]
    ) async throws {
        try await store.countFailure(of: id, reason: reason, now: now, record: record)
    }

    func definitions(_ ids: [DefinitionID]) async throws -> [DefinitionRow] { try await store.definitions(ids) }
    func bindings(of tenant: TenantID) async throws -> [BindingRow] { try await store.bindings(of: tenant) }
    func bindings(_ ids: [Int]) async throws -> [BindingRow] { try await store.bindings(ids) }
}

/// A history that loses the last row of a batch now and then.
struct ForgetfulHistory: HistoryStore {
    let store: any HistoryStore

    func add(_ rows: [HistoryRow], summaries: [ExecutionSummary]) async throws {
        try await store.add(rows.count % 3 == 0 ? rows.dropLast() : rows, summaries: summaries)
    }

    func cursor(of source: String) async throws -> UInt64? { try await store.cursor(of: source) }
    func advance(_ source: String, to xid: UInt64, now: Timestamp) async throws {
        try await store.advance(source, to: xid, now: now)
    }
    func addDay(_ day: Timestamp) async throws { try await store.addDay(day) }
    func dropDays(before day: Timestamp) async throws { try await store.dropDays(before: day) }
    func now() async throws -> Timestamp { try await store.now() }
    func close() async { await store.close() }
}
