package import Model
package import Store

extension InMemoryFlowStore: ExecutionRegistry {
    package func start(
        _ executions: [NewExecution], tenant: TenantID, now: Timestamp
    ) async throws -> [StartResult] {
        precondition(executions.allSatisfy { $0.tenant == tenant }, "another tenant's execution")
        return withTables { tables in
            executions.map { execution in
                if let known = tables.executions[execution.id] {
                    let isSame =
                        known.row.tenant == tenant && known.row.definition == execution.definition
                        && known.digest == execution.digest
                    return isSame ? .known : .different
                }
                tables.insert(execution, runs: true, now: now)
                return .started
            }
        }
    }

    package func execution(_ id: ExecutionID, tenant: TenantID) async throws -> ExecutionRow? {
        withTables { tables in tables.executions[id].flatMap { $0.row.tenant == tenant ? $0.row : nil } }
    }

    package func executions(
        tenant: TenantID, status: ExecutionStatus?, before id: ExecutionID?, limit: Int
    ) async throws -> [ExecutionRow] {
        withTables { tables in
            let rows = tables.executions.values.lazy.map(\.row).filter {
                $0.tenant == tenant && (status == nil || $0.status == status) && $0.id < id ?? .highest
            }
            return Array(rows.sorted { $0.id > $1.id }.prefix(limit))
        }
    }

    package func outputs(of id: ExecutionID, tenant: TenantID) async throws -> [OutputRow] {
        withTables { tables in
            guard tables.executions[id]?.row.tenant == tenant else { return [] }
            var latest: [Int: OutputRow] = [:]
            for row in tables.outputs[id] ?? [] where row.attempt > latest[row.step]?.attempt ?? 0 {
                latest[row.step] = row
            }
            return latest.values.sorted { $0.step < $1.step }
        }
    }

    package func eraseExecutions(of tenant: TenantID, limit: Int) async throws -> Int {
        withTables { tables in
            let ids = tables.executions.values.lazy.filter { $0.row.tenant == tenant }.map(\.row.id).sorted()
            for id in ids.prefix(limit) { tables.remove(id) }
            return min(limit, ids.count)
        }
    }

    package func eraseFlows(of tenant: TenantID) async throws {
        withTables { tables in
            tables.definitions = tables.definitions.filter { $0.value.tenant != tenant }
            tables.bindings = tables.bindings.filter { $0.value.tenant != tenant }
            tables.overlaps = tables.overlaps.filter { $0.value.tenant != tenant }
            for table in 0..<2 { tables.outbox[table].removeAll { $0.row.tenant == tenant } }
        }
    }

    package func add(
        _ kind: Arrival.Kind, _ payload: [UInt8], to id: ExecutionID, tenant: TenantID, now: Timestamp
    ) async throws -> ArrivalResult {
        withTables { tables in
            guard let row = tables.executions[id]?.row, row.tenant == tenant else { return .unknown }
            if row.status.isEnded, kind != .retry { return .ended(row.status) }
            if tables.arrivals[id]?.count ?? 0 >= ExecutionLimits.arrivals { return .full }
            tables.addArrival(kind, payload, to: id, tenant: tenant, now: now)
            return .accepted
        }
    }
}

extension InMemoryFlowStore: TriggerStarts {
    package func origins(of triggers: [TriggerID]) async throws -> [TriggerOrigin] {
        withTables { tables in triggers.compactMap { tables.origins[$0] } }
    }

    package func start(
        _ executions: [NewExecution], mayOverlap: [Bool], now: Timestamp,
        decide: @escaping @Sendable (inout OverlapRow, ExecutionID) -> OverlapDecision
    ) async throws -> [TriggerStartResult] {
        withTables { tables in
            zip(executions, mayOverlap).map { execution, mayOverlap in
                if tables.executions[execution.id] != nil { return .known }
                guard !mayOverlap, let schedule = execution.schedule else {
                    tables.insert(execution, runs: true, now: now)
                    return .started(cancelling: nil)
                }
                let before = tables.overlaps[schedule]
                var row = before?.row ?? OverlapRow()
                let decision = decide(&row, execution.id)
                let since = row.running == before?.row.running ? before?.since ?? now : now
                let isIdle = row.running == nil && row.waiting.isEmpty
                tables.overlaps[schedule] =
                    isIdle ? nil : StoredOverlap(row: row, tenant: before?.tenant ?? execution.tenant, since: since)
                switch decision {
                case .skip: return .skipped
                case .wait:
                    tables.insert(execution, runs: false, now: now)
                    return .started(cancelling: nil)
                case .run(let other):
                    tables.insert(execution, runs: true, now: now)
                    if let other { tables.addArrival(.cancel, [], to: other, tenant: execution.tenant, now: now) }
                    return .started(cancelling: other)
                }
            }
        }
    }
}

extension InMemoryFlowTables {
    /// - Parameter runs: false: it waits for another run of its schedule.
    fileprivate mutating func insert(_ new: NewExecution, runs: Bool, now: Timestamp) {
        let row = ExecutionRow(
            id: new.id, tenant: new.tenant, definition: new.definition, status: runs ? .new : .pending, state: nil,
            input: new.input, trigger: new.trigger, createdAt: now, endedAt: nil, quarantineReason: nil)
        executions[new.id] = StoredExecution(row: row, schedule: new.schedule, digest: new.digest)
        if !runs, let record = new.waitingRecord { append(record, of: new.id, now: now) }
        if runs { setWake(of: new.id, tenant: new.tenant, due: now + ExecutionLimits.startWake) }
    }
}
