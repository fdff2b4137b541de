package import Model
package import Store

/// Columns of `publish-flow`.
private enum PublishColumn: Int, ResultColumn {
    case version, isNew
}

extension PostgresRegistry {
    /// Locks the flow's row, which is created if missing, so that versions have no gaps.
    package func publish(
        _ name: FlowName, id: DefinitionID, digest: [UInt8], body: String, by actor: AuditActor, now: Timestamp
    ) async throws -> PublishResult {
        let tenant = actor.tenant
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.execute(StatementCall(.lockFlow, [.tenant(tenant), .text("\(name)"), .time(now)]))
            let call = StatementCall(
                .publishFlow,
                [
                    .tenant(tenant), .text("\(name)"), .uuid(id), .bytes(digest), .text(body), .text(actor.subject),
                    .time(now),
                ])
            let found = try transaction.query(call) { (row: PostgresRow<PublishColumn>) throws(PostgresError) in
                (version: try row.required(.version, row.int), isNew: try row.required(.isNew, row.bool))
            }
            let rows = try transaction.query(
                StatementCall(.readVersion, [.tenant(tenant), .text("\(name)"), .int(found[0].version)])
            ) { (row: PostgresRow<DefinitionColumn>) throws(PostgresError) in try row.definition() }
            if found[0].isNew {
                try transaction.appendAudit(actor, "flow.publish", "\(name)@\(found[0].version)", now: now)
            }
            return PublishResult(row: rows[0], isNew: found[0].isNew)
        }
    }

    package func flow(_ name: FlowName, version: Int?, tenant: TenantID) async throws -> DefinitionRow? {
        let name = PostgresValue.text("\(name)")
        return try await definition(
            version.map { StatementCall(.readVersion, [.tenant(tenant), name, .int($0)]) }
                ?? StatementCall(.readCurrent, [.tenant(tenant), name]), tenant)
    }

    package func definition(_ id: DefinitionID, tenant: TenantID) async throws -> DefinitionRow? {
        try await definition(StatementCall(.readDefinition, [.tenant(tenant), .uuid(id)]), tenant)
    }

    private func definition(_ call: StatementCall, _ tenant: TenantID) async throws -> DefinitionRow? {
        try await inTransaction(of: tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(call) { (row: PostgresRow<DefinitionColumn>) throws(PostgresError) in
                try row.definition()
            }.first
        }
    }

    package func flows(tenant: TenantID, after name: FlowName?, limit: Int) async throws -> [DefinitionRow] {
        let call = StatementCall(
            .listFlows, [.tenant(tenant), .text(name?.description ?? ""), .bigint(limit)])
        return try await inTransaction(of: tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(call) { (row: PostgresRow<DefinitionColumn>) throws(PostgresError) in
                try row.definition()
            }
        }
    }

    package func deleteFlow(_ name: FlowName, by actor: AuditActor, now: Timestamp) async throws -> Bool {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            let call = StatementCall(.deleteFlow, [.tenant(actor.tenant), .text("\(name)"), .time(now)])
            guard try transaction.execute(call) > 0 else { return false }
            try transaction.appendAudit(actor, "flow.delete", name, now: now)
            return true
        }
    }

    /// Locks the type's name, so that two changes at once follow one another. Bindings of everybody are written in the
    /// engine's role, after the caller was authorized.
    package func putBinding(
        _ type: String, tenant: TenantID?, body: String, by actor: AuditActor, now: Timestamp
    ) async throws -> BindingRow {
        let owner = PostgresValue.text(tenant?.description ?? BindingRow.everybody)
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.execute(StatementCall(.lockBinding, [owner, .text(type)]))
            try transaction.execute(StatementCall(.replaceBinding, [owner, .text(type), .text(body), .time(now)]))
            let isNew =
                try transaction.execute(
                    StatementCall(
                        .insertBinding, [owner, .text(type), .text(body), .text(actor.subject), .time(now)])) > 0
            let rows = try transaction.query(StatementCall(.currentBinding, [owner, .text(type)])) {
                (row: PostgresRow<BindingColumn>) throws(PostgresError) in try row.binding()
            }
            if isNew {
                try transaction.appendAudit(
                    actor, tenant == nil ? "binding.put.everybody" : "binding.put", type, now: now)
            }
            return rows[0]
        }
    }

    package func bindings(of tenant: TenantID) async throws -> [BindingRow] {
        try await inTransaction(of: tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(StatementCall(.bindingsOfTenant, [.tenant(tenant)])) {
                (row: PostgresRow<BindingColumn>) throws(PostgresError) in try row.binding()
            }
        }
    }
}
