import Model
import Store

/// Columns of statements that return executions.
enum ExecutionColumn: Int, ResultColumn {
    case id, tenant, definition, status, state, input, origin, createdAt, endedAt, quarantineReason
}

/// Columns of `lock-executions`.
enum LockedExecutionColumn: Int, ResultColumn {
    case id, tenant, definition, status, state, input, origin, createdAt, endedAt, quarantineReason, seq, scheduleID,
        originKind, digest, now
}

/// Columns of statements that return definitions.
enum DefinitionColumn: Int, ResultColumn {
    case id, tenant, name, version, body, createdAt
}

/// Columns of statements that return bindings.
enum BindingColumn: Int, ResultColumn {
    case id, tenant, type, body, createdAt
}

extension PostgresRow<ExecutionColumn> {
    func execution() throws(PostgresError) -> ExecutionRow {
        ExecutionRow(
            id: try required(.id, id), tenant: try required(.tenant, tenant),
            definition: try required(.definition, id), status: try .stored(try required(.status, int)),
            state: try bytes(.state), input: try required(.input, bytes), trigger: try id(.origin),
            createdAt: try required(.createdAt, time), endedAt: try time(.endedAt),
            quarantineReason: try text(.quarantineReason))
    }
}

extension PostgresRow<LockedExecutionColumn> {
    func execution() throws(PostgresError) -> PostgresExecutionStore.Locked {
        let row = ExecutionRow(
            id: try required(.id, id), tenant: try required(.tenant, tenant),
            definition: try required(.definition, id), status: try .stored(try required(.status, int)),
            state: try bytes(.state), input: try required(.input, bytes), trigger: try id(.origin),
            createdAt: try required(.createdAt, time), endedAt: try time(.endedAt),
            quarantineReason: try text(.quarantineReason))
        return PostgresExecutionStore.Locked(
            row: row, seq: try required(.seq, int), schedule: try id(.scheduleID),
            handlesFailure: try required(.originKind, int) == 2, digest: try required(.digest, bytes),
            now: try required(.now, time))
    }
}

extension PostgresRow<DefinitionColumn> {
    func definition() throws(PostgresError) -> DefinitionRow {
        DefinitionRow(
            id: try required(.id, id), tenant: try required(.tenant, tenant),
            name: try text(.name).map { FlowName(checked: $0) }, version: try int(.version),
            body: try required(.body, text), createdAt: try required(.createdAt, time))
    }
}

extension PostgresRow<BindingColumn> {
    func binding() throws(PostgresError) -> BindingRow {
        let tenant = try required(.tenant, text)
        return BindingRow(
            id: try required(.id, int), tenant: tenant == BindingRow.everybody ? nil : TenantID(checked: tenant),
            type: try required(.type, text), body: try required(.body, text),
            createdAt: try required(.createdAt, time))
    }
}

extension BindingRow {
    /// Stands in place of a tenant in the bindings of every tenant; no tenant can have that name.
    static let everybody = "*"
}

extension ExecutionStatus {
    static func stored(_ value: Int) throws(PostgresError) -> ExecutionStatus {
        guard let status = ExecutionStatus(rawValue: value) else {
            throw PostgresError(
                .unexpectedValue, "an execution has the status \(value), which this version does not know")
        }
        return status
    }
}
