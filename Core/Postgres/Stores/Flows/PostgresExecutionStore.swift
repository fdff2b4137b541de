package import Model
package import Store

/// `ExecutionStore` on one Postgres connection.
///
/// A transition is two round trips: begin, lock and read; write and commit. Per execution it reads one row of
/// `execution` and `wake` and its arrivals, and writes one HOT update, one row of the outbox, and what else has
/// changed. A batch takes 6 to 10 statements whatever its size. A flow of three steps writes about 5.1 kB of WAL in all,
/// its start and its history included (S8 in docs/performance.md).
package final class PostgresExecutionStore: ExecutionStore {
    private let connection: PostgresConnection

    /// A store that connects as the engine role.
    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate step-worker"))
    }

    /// Ends the session; the next call opens another.
    package func close() async { await connection.close() }

    /// Columns of `read-arrivals`.
    private enum ArrivalColumn: Int, ResultColumn {
        case execution, due, arrival, kind, payload, isKnown
    }

    /// One row of `lock-executions`.
    struct Locked: Sendable {
        var row: ExecutionRow
        var seq: Int
        var schedule: ScheduleID?
        var handlesFailure: Bool
        var digest: [UInt8]
        var now: Timestamp
    }

    /// One row of `read-arrivals`.
    private struct ArrivalRow: Sendable {
        var execution: ExecutionID
        var due: Timestamp?
        var arrival: Arrival?
        var isKnown: Bool
    }

    package func transition(
        _ ids: [ExecutionID],
        _ decide: @escaping @Sendable ([LockedExecution], _ now: Timestamp) -> [ExecutionWrite]
    ) async throws -> TransitionResult {
        let ids = PostgresValue.uuids(Set(ids).sorted())
        return try await connection.transaction(
            reading: StatementCall(.lockExecutions, [ids]),
            { (row: PostgresRow<LockedExecutionColumn>) throws(PostgresError) in try row.execution() },
            StatementCall(.readArrivals, [ids, .bigint(ExecutionLimits.arrivalsAtOnce)]),
            { (row: PostgresRow<ArrivalColumn>) throws(PostgresError) in try PostgresExecutionStore.arrival(row) },
            committing: { locked, arrivals in
                let found = PostgresExecutionStore.combine(locked, arrivals)
                let writes = found.isEmpty ? [] : decide(found, locked[0].now)
                let result = TransitionResult(
                    written: Set(writes.map(\.id)),
                    missing: Set(arrivals.lazy.filter { !$0.isKnown }.map(\.execution)))
                return (result, PostgresExecutionStore.statements(writes, found, now: locked.first?.now ?? .epoch))
            })
    }

    private static func arrival(_ row: PostgresRow<ArrivalColumn>) throws(PostgresError) -> ArrivalRow {
        var arrival: Arrival?
        if let id = try row.int(.arrival) {
            let raw = try row.required(.kind, row.int)
            guard let kind = Arrival.Kind(rawValue: raw) else {
                throw PostgresError(
                    .unexpectedValue, "an arrival has the kind \(raw), which this version does not know")
            }
            arrival = Arrival(id: id, kind: kind, payload: try row.required(.payload, row.bytes))
        }
        return ArrivalRow(
            execution: try row.required(.execution, row.id), due: try row.time(.due), arrival: arrival,
            isKnown: try row.required(.isKnown, row.bool))
    }

    private static func combine(
        _ locked: [Locked], _ arrivals: [ArrivalRow]
    ) -> [LockedExecution] {
        let byExecution = Dictionary(grouping: arrivals, by: \.execution)
        return locked.map { found in
            let rows = byExecution[found.row.id] ?? []
            return LockedExecution(
                row: found.row, seq: found.seq, schedule: found.schedule, wakeAt: rows.first?.due,
                arrivals: rows.compactMap(\.arrival), handlesFailure: found.handlesFailure, digest: found.digest)
        }
    }

    /// The statements that write a transition; those without rows are left out.
    private static func statements(
        _ writes: [ExecutionWrite], _ found: [LockedExecution], now: Timestamp
    ) -> [StatementCall] {
        if writes.isEmpty { return [] }
        var calls = [
            StatementCall(
                .writeExecutions,
                [
                    .uuids(writes.map(\.id)), .smallints(writes.map(\.status.rawValue)), .byteas(writes.map(\.state)),
                    .ints(writes.map { $0.history == nil ? 0 : 1 }), .times(writes.map(\.endedAt)),
                ])
        ]
        let applied = writes.flatMap { write in write.arrivals.map { (write.id, $0) } }
        if !applied.isEmpty {
            calls.append(StatementCall(.dropArrivals, [.uuids(applied.map(\.0)), .bigints(applied.map(\.1))]))
        }
        let wakes = writes.compactMap { write -> (ExecutionWrite, Timestamp)? in
            if case .set(let due) = write.wake { (write, due) } else { nil }
        }
        if !wakes.isEmpty {
            calls.append(
                StatementCall(
                    .putWakes,
                    [
                        .uuids(wakes.map(\.0.id)), .smallints(wakes.map(\.0.id.bucket)), .times(wakes.map(\.1)),
                        .tenants(wakes.map(\.0.tenant)),
                    ]))
        }
        let removed = writes.filter { $0.wake == .remove }
        if !removed.isEmpty { calls.append(StatementCall(.dropWakes, [.uuids(removed.map(\.id))])) }
        let outputs = writes.flatMap { write in write.outputs.map { (write, $0) } }
        if !outputs.isEmpty {
            calls.append(
                StatementCall(
                    .putOutputs,
                    [
                        .uuids(outputs.map(\.0.id)), .smallints(outputs.map(\.1.step)), .ints(outputs.map(\.1.attempt)),
                        .tenants(outputs.map(\.0.tenant)), .byteas(outputs.map(\.1.body)),
                    ]))
        }
        let ended = writes.compactMap { write in write.forgetAt.map { (write, $0) } }
        if !ended.isEmpty {
            calls.append(
                StatementCall(
                    .putEnded,
                    [.times(ended.map(\.1)), .uuids(ended.map(\.0.id)), .tenants(ended.map(\.0.tenant))]))
        }
        let runs = writes.compactMap { write in write.runEnd.flatMap { end in write.endsRunOf.map { (write, end, $0) } }
        }
        if !runs.isEmpty {
            calls.append(
                StatementCall(
                    .reportRuns,
                    [
                        .uuids(runs.map(\.0.id)), .uuids(runs.map(\.2)), .tenants(runs.map(\.0.tenant)),
                        .smallints(runs.map(\.1.state.rawValue)), .texts(runs.map(\.1.reason)), .time(now),
                    ]))
        }
        let starts = writes.compactMap { write in write.failureStart.map { (write, $0) } }
        if !starts.isEmpty {
            calls.append(
                StatementCall(
                    .startOnFailure,
                    [
                        .uuids(starts.map(\.1.id)), .smallints(starts.map(\.1.id.bucket)),
                        .tenants(starts.map(\.0.tenant)), .texts(starts.map { "\($0.1.flow)" }),
                        .byteas(starts.map(\.1.input)), .uuids(starts.map(\.0.id)), .time(now),
                    ]))
        }
        return calls + overlaps(of: writes) + history(of: writes, found, now: now)
    }

    /// A schedule's row changes once a statement.
    private static func overlaps(of writes: [ExecutionWrite]) -> [StatementCall] {
        var rounds: [[(schedule: ScheduleID, execution: ExecutionID)]] = []
        var counts: [ScheduleID: Int] = [:]
        for write in writes {
            guard let schedule = write.endsRunOf else { continue }
            let round = counts[schedule, default: 0]
            counts[schedule] = round + 1
            if round == rounds.count { rounds.append([]) }
            rounds[round].append((schedule, write.id))
        }
        return rounds.map { round in
            StatementCall(.finishOverlaps, [.uuids(round.map(\.schedule)), .uuids(round.map(\.execution))])
        }
    }

    private static func history(
        of writes: [ExecutionWrite], _ found: [LockedExecution], now: Timestamp
    ) -> [StatementCall] {
        let seqs = Dictionary(uniqueKeysWithValues: found.map { ($0.row.id, $0.seq) })
        let rows = writes.filter { $0.history != nil }
        if rows.isEmpty { return [] }
        return [
            StatementCall(
                .appendOutbox,
                [
                    .uuids(rows.map(\.id)), .tenants(rows.map(\.tenant)), .bigints(rows.map { seqs[$0.id] }),
                    .times(rows.map { _ in now }), .byteas(rows.map(\.history)),
                ])
        ]
    }

    package func renew(worker: Identifier, host: String, lifetime: Duration) async throws -> Set<Identifier> {
        let call = StatementCall(
            .renewWorker, [.uuid(worker), .text(host), .bigint(Int(lifetime.microseconds))])
        return Set(try await connection.values(call, .uuid))
    }

    package func remove(worker: Identifier) async throws {
        try await connection.execute(StatementCall(.removeWorker, [.uuid(worker)]))
    }

    package func store(
        answers: [(execution: ExecutionID, tenant: TenantID, payload: [UInt8])], now: Timestamp
    ) async throws {
        try await connection.execute(
            StatementCall(
                .storeAnswers,
                [
                    .uuids(answers.map(\.execution)), .tenants(answers.map(\.tenant)), .byteas(answers.map(\.payload)),
                    .smallint(Arrival.Kind.answer.rawValue), .time(now),
                ]))
    }

    /// Columns of `countFlowFailure`.
    private enum FailureColumn: Int, ResultColumn {
        case id, tenant, definition, status, state, input, origin, createdAt, endedAt, quarantineReason, seq,
            isQuarantinedNow
    }

    package func countFailure(
        of id: ExecutionID, reason: String, now: Timestamp,
        record: @escaping @Sendable (ExecutionRow) -> [UInt8]
    ) async throws {
        let call = StatementCall(.countFlowFailure, [.uuid(id), .text(reason), .int(ExecutionLimits.failures)])
        try await connection.transaction(first: []) { transaction throws(PostgresError) in
            let found = try transaction.query(call) {
                (row: PostgresRow<FailureColumn>) throws(PostgresError) -> (row: ExecutionRow, seq: Int)? in
                guard try row.required(.isQuarantinedNow, row.bool) else { return nil }
                let execution = ExecutionRow(
                    id: try row.required(.id, row.id), tenant: try row.required(.tenant, row.tenant),
                    definition: try row.required(.definition, row.id),
                    status: try .stored(try row.required(.status, row.int)), state: try row.bytes(.state),
                    input: try row.required(.input, row.bytes), trigger: try row.id(.origin),
                    createdAt: try row.required(.createdAt, row.time), endedAt: try row.time(.endedAt),
                    quarantineReason: try row.text(.quarantineReason))
                return (execution, try row.required(.seq, row.int))
            }
            for case .some(let item) in found {
                try transaction.execute(
                    StatementCall(
                        .appendOutbox,
                        [
                            .uuids([item.row.id]), .tenants([item.row.tenant]), .bigints([item.seq]), .times([now]),
                            .byteas([record(item.row)]),
                        ]))
            }
        }
    }

    package func definitions(_ ids: [DefinitionID]) async throws -> [DefinitionRow] {
        try await connection.query(StatementCall(.readDefinitions, [.uuids(ids)])) {
            (row: PostgresRow<DefinitionColumn>) throws(PostgresError) in try row.definition()
        }
    }

    package func bindings(of tenant: TenantID) async throws -> [BindingRow] {
        try await connection.query(StatementCall(.bindingsOfTenant, [.tenant(tenant)])) {
            (row: PostgresRow<BindingColumn>) throws(PostgresError) in try row.binding()
        }
    }

    package func bindings(_ ids: [Int]) async throws -> [BindingRow] {
        try await connection.query(StatementCall(.bindingsByID, [.bigints(ids)])) {
            (row: PostgresRow<BindingColumn>) throws(PostgresError) in try row.binding()
        }
    }
}
