package import Model
package import Store

/// Columns of `Statement.knownExecutions`.
private enum KnownColumn: Int, ResultColumn {
    case id, definition, digest
}

/// Columns of `add-arrival`.
private enum AddedColumn: Int, ResultColumn {
    case status, takes, isStored
}

/// Columns of `Statement.readOutputs`.
private enum OutputColumn: Int, ResultColumn {
    case step, attempt, body
}

extension PostgresRegistry {
    package func start(
        _ executions: [NewExecution], tenant: TenantID, now: Timestamp
    ) async throws -> [StartResult] {
        precondition(executions.allSatisfy { $0.tenant == tenant }, "another tenant's execution")
        if executions.isEmpty { return [] }
        let call = StatementCall(
            .startExecutions,
            [
                .uuids(executions.map(\.id)), .smallints(executions.map(\.id.bucket)),
                .uuids(executions.map(\.definition)), .byteas(executions.map(\.input)),
                .byteas(executions.map(\.digest)),
                .uuids(executions.map(\.trigger?.value)), .uuids(executions.map(\.schedule?.value)), .tenant(tenant),
                .time(now), .time(now + ExecutionLimits.startWake),
            ])
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            let new = Set(try transaction.values(call, .executionID))
            let others = executions.filter { !new.contains($0.id) }
            if others.isEmpty, new.count == executions.count { return executions.map { _ in .started } }
            let known = try transaction.query(
                StatementCall(.knownExecutions, [.tenant(tenant), .uuids(others.map(\.id))])
            ) { (row: PostgresRow<KnownColumn>) throws(PostgresError) in
                (
                    id: try row.required(.id, row.id) as ExecutionID,
                    definition: try row.required(.definition, row.id) as DefinitionID,
                    digest: try row.required(.digest, row.bytes)
                )
            }
            var first: [ExecutionID: NewExecution] = [:]
            return executions.map { execution in
                if new.contains(execution.id) {
                    // An id may come twice in one call.
                    guard let earlier = first[execution.id] else {
                        first[execution.id] = execution
                        return .started
                    }
                    let isSame = earlier.definition == execution.definition && earlier.digest == execution.digest
                    return isSame ? .known : .different
                }
                let same = known.first { $0.id == execution.id }
                return same?.definition == execution.definition && same?.digest == execution.digest
                    ? .known : .different
            }
        }
    }

    package func execution(_ id: ExecutionID, tenant: TenantID) async throws -> ExecutionRow? {
        try await inTransaction(of: tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(StatementCall(.readExecution, [.uuid(id), .tenant(tenant)])) {
                (row: PostgresRow<ExecutionColumn>) throws(PostgresError) in try row.execution()
            }.first
        }
    }

    package func executions(
        tenant: TenantID, status: ExecutionStatus?, before id: ExecutionID?, limit: Int
    ) async throws -> [ExecutionRow] {
        let call = StatementCall(
            .listExecutions,
            [.tenant(tenant), .uuid(id ?? .highest), .smallint(status?.rawValue), .bigint(limit)])
        return try await inTransaction(of: tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(call) { (row: PostgresRow<ExecutionColumn>) throws(PostgresError) in
                try row.execution()
            }
        }
    }

    package func outputs(of id: ExecutionID, tenant: TenantID) async throws -> [OutputRow] {
        try await inTransaction(of: tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(StatementCall(.readOutputs, [.uuid(id), .tenant(tenant)])) {
                (row: PostgresRow<OutputColumn>) throws(PostgresError) in
                OutputRow(
                    step: try row.required(.step, row.int), attempt: try row.required(.attempt, row.int),
                    body: try row.required(.body, row.bytes))
            }
        }
    }

    package func eraseExecutions(of tenant: TenantID, limit: Int) async throws -> Int {
        try await inTransaction(of: nil) { transaction throws(PostgresError) in
            try transaction.value(StatementCall(.eraseExecutions, [.tenant(tenant), .bigint(limit)]), .int) ?? 0
        }
    }

    package func eraseFlows(of tenant: TenantID) async throws {
        try await inTransaction(of: nil) { transaction throws(PostgresError) in
            for statement in Statement.eraseFlows {
                try transaction.execute(StatementCall(statement, [.tenant(tenant)]))
            }
        }
    }

    package func add(
        _ kind: Arrival.Kind, _ payload: [UInt8], to id: ExecutionID, tenant: TenantID, now: Timestamp
    ) async throws -> ArrivalResult {
        let call = StatementCall(
            .addArrival,
            [
                .uuid(id), .tenant(tenant), .smallint(kind.rawValue), .bytes(payload), .time(now),
                .bigint(ExecutionLimits.arrivals), .bool(kind == .retry),
            ])
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            let found = try transaction.query(call) {
                (row: PostgresRow<AddedColumn>) throws(PostgresError) -> ArrivalResult in
                if try row.required(.isStored, row.bool) { return .accepted }
                let status = try ExecutionStatus.stored(try row.required(.status, row.int))
                return try row.required(.takes, row.bool) ? .full : .ended(status)
            }
            return found.first ?? .unknown
        }
    }
}
