package import Model
package import Store
import Synchronization

/// One connection to an in-memory database of executions, with the roles of the Postgres stores but for publishing:
/// definitions, bindings and origins are put in as they are.
///
/// The conformance suite of the stores holds both to the same rules. Each method is atomic.
package final class InMemoryFlowStore: Sendable {
    /// What it is connected to.
    package let database: InMemoryFlowDatabase
    let connection: Int

    /// Connects to a database.
    package init(_ database: InMemoryFlowDatabase) {
        self.database = database
        connection = database.tables.withLock { tables in
            tables.connections += 1
            return tables.connections
        }
    }

    /// The given clock.
    package func now() async throws -> Timestamp { database.clock() }

    /// Releases what this connection holds: groups of buckets and the outbox.
    package func close() async {
        withTables { tables in
            tables.groupHolders = tables.groupHolders.filter { $0.value != connection }
            if tables.outboxHolder == connection { tables.outboxHolder = nil }
        }
    }

    func withTables<Value: Sendable>(_ body: (inout InMemoryFlowTables) throws -> Value) rethrows -> Value {
        try database.tables.withLock { tables in try body(&tables) }
    }

    /// Puts in definitions as they were published.
    package func add(_ definitions: [DefinitionRow]) {
        withTables { tables in for row in definitions { tables.definitions[row.id] = row } }
    }

    /// Puts in bindings, which apply from now on.
    package func add(_ bindings: [BindingRow]) {
        withTables { tables in for row in bindings { tables.bindings[row.id] = row } }
    }

    /// Puts in the schedule of a trigger.
    package func add(_ origin: TriggerOrigin) { withTables { $0.origins[origin.trigger] = origin } }
}

extension InMemoryFlowStore: ExecutionStore {
    package func transition(
        _ ids: [ExecutionID],
        _ decide: @escaping @Sendable ([LockedExecution], _ now: Timestamp) -> [ExecutionWrite]
    ) async throws -> TransitionResult {
        let now = database.clock()
        return withTables { tables in
            let ids = Set(ids).sorted()
            let found = ids.compactMap { id -> LockedExecution? in
                guard let stored = tables.executions[id] else { return nil }
                return LockedExecution(
                    row: stored.row, seq: stored.seq, schedule: stored.schedule, wakeAt: tables.wakes[id]?.due,
                    arrivals: (tables.arrivals[id] ?? []).prefix(ExecutionLimits.arrivalsAtOnce).map(\.arrival),
                    handlesFailure: stored.handlesFailure, digest: stored.digest)
            }
            let writes = found.isEmpty ? [] : decide(found, now)
            if !writes.isEmpty {
                let xid = tables.nextXid
                tables.nextXid += 1
                for write in writes { tables.apply(write, xid: xid, now: now) }
            }
            return TransitionResult(
                written: Set(writes.map(\.id)), missing: Set(ids.filter { tables.executions[$0] == nil }))
        }
    }

    package func renew(worker: Identifier, host: String, lifetime: Duration) async throws -> Set<Identifier> {
        let now = database.clock()
        return withTables { tables in
            tables.workers[worker] = now + lifetime
            tables.workers = tables.workers.filter { $0.value >= now - .seconds(86_400) }
            return Set(tables.workers.filter { $0.value > now }.keys).union([worker])
        }
    }

    package func remove(worker: Identifier) async throws { withTables { $0.workers[worker] = nil } }

    package func store(
        answers: [(execution: ExecutionID, tenant: TenantID, payload: [UInt8])], now: Timestamp
    ) async throws {
        withTables { tables in
            for answer in answers {
                tables.addArrival(.answer, answer.payload, to: answer.execution, tenant: answer.tenant, now: now)
            }
        }
    }

    package func countFailure(
        of id: ExecutionID, reason: String, now: Timestamp,
        record: @escaping @Sendable (ExecutionRow) -> [UInt8]
    ) async throws {
        withTables { tables in
            guard var stored = tables.executions[id] else { return }
            stored.failures += 1
            if stored.failures >= ExecutionLimits.failures {
                stored.row.status = .quarantined
                stored.row.quarantineReason = reason
            }
            tables.executions[id] = stored
            if stored.failures == ExecutionLimits.failures { tables.append(record(stored.row), of: id, now: now) }
        }
    }

    package func definitions(_ ids: [DefinitionID]) async throws -> [DefinitionRow] {
        withTables { tables in ids.compactMap { tables.definitions[$0] } }
    }

    package func bindings(of tenant: TenantID) async throws -> [BindingRow] {
        withTables { tables in
            var found: [String: BindingRow] = [:]
            // The latest of a type has the highest id; a tenant's own come before everybody's.
            for row in tables.bindings.values.sorted(by: { $0.id < $1.id }) where row.tenant == nil {
                found[row.type] = row
            }
            for row in tables.bindings.values.sorted(by: { $0.id < $1.id }) where row.tenant == tenant {
                found[row.type] = row
            }
            return found.values.sorted { $0.type < $1.type }
        }
    }

    package func bindings(_ ids: [Int]) async throws -> [BindingRow] {
        withTables { tables in ids.compactMap { tables.bindings[$0] } }
    }
}

extension InMemoryFlowTables {
    /// Appends to the history of an execution, in a transaction of its own.
    mutating func append(_ body: [UInt8], of id: ExecutionID, now: Timestamp) {
        guard let stored = executions[id] else { return }
        let row = HistoryRow(execution: id, tenant: stored.row.tenant, seq: stored.seq, at: now, body: body)
        outbox[turn].append(StoredOutboxRow(xid: nextXid, row: row))
        nextXid += 1
        executions[id]!.seq += 1
    }

    /// Writes what a transition decided on one execution.
    fileprivate mutating func apply(_ write: ExecutionWrite, xid: UInt64, now: Timestamp) {
        guard var stored = executions[write.id] else { return }
        stored.row.status = write.status
        stored.row.state = write.state
        stored.row.endedAt = write.endedAt
        stored.row.quarantineReason = nil
        stored.failures = 0
        if let body = write.history {
            let row = HistoryRow(
                execution: write.id, tenant: write.tenant, seq: stored.seq, at: now, body: body)
            outbox[turn].append(StoredOutboxRow(xid: xid, row: row))
            stored.seq += 1
        }
        executions[write.id] = stored
        let applied = Set(write.arrivals)
        if !applied.isEmpty {
            arrivals[write.id]?.removeAll { applied.contains($0.arrival.id) }
            if arrivals[write.id]?.isEmpty == true { arrivals[write.id] = nil }
        }
        switch write.wake {
        case .keep: break
        case .set(let due): setWake(of: write.id, tenant: write.tenant, due: due)
        case .remove: removeWake(of: write.id)
        }
        for output in write.outputs where !(outputs[write.id] ?? []).contains(where: { $0.isSamePlace(as: output) }) {
            outputs[write.id, default: []].append(output)
        }
        if let time = write.forgetAt {
            ended.insert(TimedID(time: time, id: write.id))
            forgetAt[write.id] = max(forgetAt[write.id] ?? time, time)
        }
        if let start = write.failureStart { self.start(start, tenant: write.tenant, now: now) }
        if let schedule = write.endsRunOf { finishRun(write.id, of: schedule, now: now) }
    }
}

extension InMemoryFlowTables {
    /// As `start-on-failure.sql`.
    private mutating func start(_ start: FailureStart, tenant: TenantID, now: Timestamp) {
        let versions = definitions.values.filter { $0.tenant == tenant && $0.name == start.flow }
        guard let flow = versions.max(by: { $0.version ?? 0 < $1.version ?? 0 }), executions[start.id] == nil else {
            return
        }
        let row = ExecutionRow(
            id: start.id, tenant: tenant, definition: flow.id, status: .new, state: nil, input: start.input,
            trigger: nil, createdAt: now, endedAt: nil, quarantineReason: nil)
        var stored = StoredExecution(row: row, digest: [])
        stored.handlesFailure = true
        executions[start.id] = stored
        setWake(of: start.id, tenant: tenant, due: now)
    }
}

extension OutputRow {
    fileprivate func isSamePlace(as other: OutputRow) -> Bool { step == other.step && attempt == other.attempt }
}
