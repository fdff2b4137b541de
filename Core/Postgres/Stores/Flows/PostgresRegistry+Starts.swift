package import Model
package import Store

/// Columns of `read-origins`.
private enum OriginColumn: Int, ResultColumn {
    case trigger, scheduleID, timing
}

/// An execution that a trigger asked for.
private struct InsertedExecution: Sendable {
    var execution: NewExecution
    /// False: it waits for another run of its schedule.
    var runs: Bool
    /// Whether its history begins with the wait.
    var isRecorded: Bool { !runs && execution.waitingRecord != nil }
}

extension PostgresRegistry {
    package func origins(of triggers: [TriggerID]) async throws -> [TriggerOrigin] {
        let call = StatementCall(.readOrigins, [.uuids(triggers), .times(triggers.map(\.v7Time))])
        return try await inTransaction(of: nil) { transaction throws(PostgresError) in
            try transaction.query(call) { (row: PostgresRow<OriginColumn>) throws(PostgresError) in
                TriggerOrigin(
                    trigger: try row.required(.trigger, row.id), schedule: try row.required(.scheduleID, row.id),
                    timing: try row.bytes(.timing))
            }
        }
    }

    package func start(
        _ executions: [NewExecution], mayOverlap: [Bool], now: Timestamp,
        decide: @escaping @Sendable (inout OverlapRow, ExecutionID) -> OverlapDecision
    ) async throws -> [TriggerStartResult] {
        let ids = StatementCall(.existingExecutions, [.uuids(executions.map(\.id))])
        return try await inTransaction(of: nil) { transaction throws(PostgresError) in
            let known = Set(try transaction.values(ids, .executionID))
            var results: [TriggerStartResult] = executions.map { _ in .known }
            var rows: [InsertedExecution] = []
            // In the order of schedules, as all transactions lock their rows.
            let order = executions.indices.sorted {
                (executions[$0].schedule ?? .lowest, $0) < (executions[$1].schedule ?? .lowest, $1)
            }
            for place in order where !known.contains(executions[place].id) {
                let execution = executions[place]
                guard !mayOverlap[place], let schedule = execution.schedule else {
                    rows.append(InsertedExecution(execution: execution, runs: true))
                    results[place] = .started(cancelling: nil)
                    continue
                }
                let decision = try transaction.withOverlap(of: schedule, tenant: execution.tenant, now: now) {
                    decide(&$0, execution.id)
                }
                switch decision {
                case .skip: results[place] = .skipped
                case .wait:
                    rows.append(InsertedExecution(execution: execution, runs: false))
                    results[place] = .started(cancelling: nil)
                case .run(let other):
                    rows.append(InsertedExecution(execution: execution, runs: true))
                    results[place] = .started(cancelling: other)
                    if let other { try transaction.requestCancel(of: other, tenant: execution.tenant, now: now) }
                }
            }
            if !rows.isEmpty { try transaction.insert(rows, now: now) }
            return results
        }
    }
}

extension PostgresTransaction {
    fileprivate func requestCancel(of id: ExecutionID, tenant: TenantID, now: Timestamp) throws(PostgresError) {
        try execute(
            StatementCall(
                .storeAnswers,
                [
                    .uuids([id]), .tenants([tenant]), .byteas([[]]), .smallint(Arrival.Kind.cancel.rawValue),
                    .time(now),
                ]))
    }

    fileprivate func insert(_ rows: [InsertedExecution], now: Timestamp) throws(PostgresError) {
        let executions = rows.map(\.execution)
        let statuses = rows.map { ($0.runs ? ExecutionStatus.new : .pending).rawValue }
        try execute(
            StatementCall(
                .insertExecutions,
                [
                    .uuids(executions.map(\.id)), .tenants(executions.map(\.tenant)),
                    .smallints(executions.map(\.id.bucket)), .uuids(executions.map(\.definition)),
                    .smallints(statuses), .byteas(executions.map(\.input)), .byteas(executions.map(\.digest)),
                    .uuids(executions.map(\.schedule?.value)), .bools(rows.map(\.runs)), .time(now),
                    .time(now + ExecutionLimits.startWake), .bigints(rows.map { $0.isRecorded ? 2 : 1 }),
                ]))
        let waiting = rows.filter(\.isRecorded).map(\.execution)
        guard !waiting.isEmpty else { return }
        try execute(
            StatementCall(
                .appendOutbox,
                [
                    .uuids(waiting.map(\.id)), .tenants(waiting.map(\.tenant)), .bigints(waiting.map { _ in 1 }),
                    .times(waiting.map { _ in now }), .byteas(waiting.map(\.waitingRecord)),
                ]))
    }
}
