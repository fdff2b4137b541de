package import Model
package import Store

extension PostgresRegistry {
    /// Whether the tenant was erased and has neither schedules nor secrets nor API keys since.
    package func isErased(_ tenant: TenantID) async throws -> Bool {
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.value(StatementCall(.isTenantErased, [.tenant(tenant)]), .bool) ?? false
        }
    }

    /// The tenant's settings; nil if none were ever set.
    package func tenant(_ tenant: TenantID) async throws -> TenantRow? {
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.query(StatementCall(.findTenant, [.tenant(tenant)])) { row throws(PostgresError) in
                try row.tenant()
            }.first
        }
    }

    /// Creates or replaces the settings, under a new directory version.
    package func put(
        _ settings: TenantSettings, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange {
        try await inTransaction(of: actor.tenant) {
            transaction throws(PostgresError) -> Result<TenantChange, RevisionMismatch> in
            let version = try transaction.nextDirectoryVersion()
            let before = try transaction.query(StatementCall(.lockTenant, [.tenant(actor.tenant)])) {
                row throws(PostgresError) in try row.tenant()
            }.first
            if let mismatch = expecting?.mismatch(
                revision: before?.revision, entityTag: before.map { "\($0.revision)" })
            {
                return .failure(mismatch)
            }
            try transaction.put(settings, version: version, tenant: actor.tenant, now: now)
            try transaction.appendAudit(actor, "tenant.put", actor.tenant, now: now)
            return .success(try transaction.change(of: actor.tenant, isCreated: before == nil))
        }.get()
    }

    /// Resets the tenant's settings and revokes its own API keys; without `isPaused` also deletes its secrets,
    /// idempotency keys, kept actions, dead letters and owed failure calls, and marks it as erased.
    package func eraseSettings(isPaused: Bool, by actor: AuditActor, now: Timestamp) async throws -> TenantChange {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            let version = try transaction.nextDirectoryVersion()
            try transaction.execute(StatementCall(.dropTenantKeys, [.tenant(actor.tenant), .time(now)]))
            if !isPaused {
                try transaction.execute(StatementCall(.dropSecrets, [.tenant(actor.tenant)]))
                try transaction.execute(StatementCall(.dropRequestsOfTenant, [.tenant(actor.tenant)]))
                try transaction.execute(StatementCall(.dropActionsOfTenant, [.tenant(actor.tenant)]))
                try transaction.execute(StatementCall(.dropDeadOfTenant, [.tenant(actor.tenant)]))
                try transaction.execute(StatementCall(.dropOwedCallsOfTenant, [.tenant(actor.tenant)]))
            }
            let settings = TenantSettings(isPaused: isPaused)
            try transaction.put(settings, version: version, tenant: actor.tenant, now: now)
            if !isPaused { try transaction.execute(StatementCall(.markErased, [.tenant(actor.tenant)])) }
            // An erasure begins with the pause; audit it here, so that an unfinished one is on record too.
            if isPaused { try transaction.appendAudit(actor, "tenant.delete", actor.tenant, now: now) }
            return try transaction.change(of: actor.tenant, isCreated: false)
        }
    }

    /// Deletes a page of schedules, hidden ones included, and returns their queued triggers.
    package func eraseSchedules(limit: Int, by actor: AuditActor, now: Timestamp) async throws -> BulkPage {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            let page = StatementCall(.eraseSchedules, [.tenant(actor.tenant), .bigint(limit)])
            let rows = try transaction.query(page) { row throws(PostgresError) in try row.schedule() }
            if rows.isEmpty { return BulkPage() }
            let open = try transaction.cancelOpen(rows.map(\.id), now: now, reason: .deleted)
            for row in rows {
                try transaction.execute(
                    StatementCall(
                        .apiDelete, [.tenant(actor.tenant), .name(row.name), .smallint(row.shard), .uuid(row.id)]))
            }
            try transaction.execute(StatementCall(.unwatchFailures, [.uuids(rows.map(\.id))]))
            return BulkPage(names: rows.map(\.name), cancelled: open.filter(\.isQueued).map(\.id))
        }
    }

    /// The days whose partitions are attached.
    package func triggerDays() async throws -> [Timestamp] {
        try await inTransaction(of: nil) { transaction throws(PostgresError) in
            try transaction.query(StatementCall(.triggerTables)) { row throws(PostgresError) in try row.triggerDay() }
        }.filter { $0.place == .attached }.map(\.start)
    }

    /// A page of the tenant's triggers of a day, by id. Reads the day's rows up to the end of the page; the statement
    /// may take 10 minutes.
    package func triggers(
        of tenant: TenantID, on day: Timestamp, after id: TriggerID, limit: Int
    ) async throws -> [(id: TriggerID, mayBeQueued: Bool)] {
        let call = StatementCall(.triggersOfTenant, [.time(day), .tenant(tenant), .uuid(id), .bigint(limit)])
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.execute(StatementCall(.longTimeout))
            return try transaction.query(call) { (row: PostgresRow<TenantTriggerColumn>) throws(PostgresError) in
                (id: try row.required(.id, row.id), mayBeQueued: try row.required(.mayBeQueued, row.bool))
            }
        }
    }

    /// Returns how many rows it deleted.
    package func eraseTriggers(_ ids: [TriggerID], of tenant: TenantID, on day: Timestamp) async throws -> Int {
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.execute(StatementCall(.eraseTriggers, [.time(day), .tenant(tenant), .uuids(ids)]))
        }
    }

    // MARK: Secrets

    /// A page of names and times, by name; no values.
    package func secrets(of tenant: TenantID, after name: String, limit: Int) async throws -> [SecretRow] {
        let call = StatementCall(.listSecrets, [.tenant(tenant), .text(name), .bigint(limit)])
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.query(call) { (row: PostgresRow<SecretColumn>) throws(PostgresError) in
                SecretRow(
                    name: try row.required(.name, row.text), createdAt: try row.required(.createdAt, row.time),
                    updatedAt: try row.required(.updatedAt, row.time))
            }
        }
    }

    /// Stores a sealed value, keeping the replaced one until `keepPreviousUntil`; throws `TenantLimit` if the tenant has
    /// `maximum` secrets already.
    package func putSecret(
        _ name: String, sealed: [UInt8], keepPreviousUntil: Timestamp?, maximum: Int, by actor: AuditActor,
        now: Timestamp
    ) async throws -> TenantChange {
        let tenant = PostgresValue.tenant(actor.tenant)
        return try await inTransaction(of: actor.tenant) {
            transaction throws(PostgresError) -> Result<TenantChange, TenantLimit> in
            let version = try transaction.nextDirectoryVersion()
            let before = try transaction.value(StatementCall(.lockSecret, [tenant, .text(name)]), .bytes)
            if before == nil, try transaction.count(StatementCall(.countSecrets, [tenant])) >= maximum {
                return .failure(TenantLimit(things: "secrets", tenant: actor.tenant, limit: maximum))
            }
            var secret = SealedSecret(current: sealed)
            if let keepPreviousUntil, let before = before.flatMap({ try? SealedSecret(decoding: $0) }) {
                (secret.previous, secret.previousUntil) = (before.current, keepPreviousUntil)
            }
            try transaction.execute(
                StatementCall(.putSecret, [tenant, .text(name), .bytes(secret.encoded), .time(now)]))
            try transaction.touch(actor.tenant, version: version, now: now)
            try transaction.appendAudit(actor, "secret.put", name, now: now)
            return .success(try transaction.change(of: actor.tenant, isCreated: before == nil))
        }.get()
    }

    /// Deletes a secret; nil if there is no such secret.
    package func deleteSecret(_ name: String, by actor: AuditActor, now: Timestamp) async throws -> TenantChange? {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            let version = try transaction.nextDirectoryVersion()
            let count = try transaction.execute(StatementCall(.deleteSecret, [.tenant(actor.tenant), .text(name)]))
            if count == 0 { return nil }
            try transaction.touch(actor.tenant, version: version, now: now)
            try transaction.appendAudit(actor, "secret.delete", name, now: now)
            return try transaction.change(of: actor.tenant, isCreated: false)
        }
    }

    /// Those of the names that are not secrets of the tenant.
    package func missingSecrets(_ names: Set<String>, tenant: TenantID) async throws -> Set<String> {
        if names.isEmpty { return [] }
        let known = try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.values(StatementCall(.knownSecrets, [.tenant(tenant), .texts(names.sorted())]), .text)
        }
        return names.subtracting(known)
    }
}

extension PostgresTransaction {
    /// The next version of the tenant directory. Its row lock is held until the transaction ends, so that versions are
    /// in commit order; every transaction that changes a tenant takes it first.
    fileprivate func nextDirectoryVersion() throws(PostgresError) -> Int {
        try count(StatementCall(.nextDirectoryVersion))
    }

    /// The number that a statement returns; 0 if it returns no row.
    fileprivate func count(_ call: StatementCall) throws(PostgresError) -> Int {
        try value(call, .int) ?? 0
    }

    fileprivate func put(
        _ settings: TenantSettings, version: Int, tenant: TenantID, now: Timestamp
    ) throws(PostgresError) {
        try execute(
            StatementCall(
                .putTenant,
                [
                    .tenant(tenant), .bigint(version), .bytes(settings.encoded), .double(settings.weight),
                    .int(settings.maxSchedules), .bool(settings.isPaused), .bool(settings.onFailure != nil), .time(now),
                ]))
    }

    /// Gives the tenant a new directory version after a change of its secrets.
    fileprivate func touch(_ tenant: TenantID, version: Int, now: Timestamp) throws(PostgresError) {
        try execute(
            StatementCall(
                .touchTenant, [.tenant(tenant), .bigint(version), .bytes(TenantSettings().encoded), .time(now)]))
    }

    /// The tenant as it is now, with the directory entry to publish.
    fileprivate func change(of tenant: TenantID, isCreated: Bool) throws(PostgresError) -> TenantChange {
        let row = try query(StatementCall(.findTenant, [.tenant(tenant)])) { row throws(PostgresError) in
            try row.tenant()
        }[0]
        return TenantChange(row: row, isCreated: isCreated, entry: try entries(of: [row])[0])
    }

    /// The directory entries of these tenants: what workers must know of them, with secrets still sealed.
    func entries(of rows: [TenantRow]) throws(PostgresError) -> [DirectoryEntry] {
        if rows.isEmpty { return [] }
        var secrets: [TenantID: [String: SealedSecret]] = [:]
        let call = StatementCall(.sealedSecrets, [.tenants(rows.map(\.tenant))])
        let found = try query(call) { (row: PostgresRow<SealedSecretColumn>) throws(PostgresError) in
            (
                tenant: try row.required(.tenant, row.tenant), name: try row.required(.name, row.text),
                sealed: try row.required(.sealed, row.bytes)
            )
        }
        for secret in found {
            // Leave out a damaged secret: calls that need it wait and report it.
            secrets[secret.tenant, default: [:]][secret.name] = try? SealedSecret(decoding: secret.sealed)
        }
        return rows.map { row in
            // One that cannot be read has a lower version: whoever can read it publishes it over this one.
            DirectoryEntry(
                tenant: row.tenant, version: row.problem == nil ? row.version : row.version - 1,
                record: TenantRecord(row.settings, secrets: secrets[row.tenant] ?? [:]), problem: row.problem)
        }
    }

    /// Returns the first limit on schedules that the new ones exceed; otherwise turns active schedules of paused
    /// tenants into paused ones.
    func keepLimits(_ results: inout [PutResult], now: Timestamp) throws(PostgresError) -> TenantLimit? {
        let call = StatementCall(.tenantLimits, [.tenants(Set(results.map(\.row.tenant)).sorted())])
        let limits = try query(call) { (row: PostgresRow<TenantLimitColumn>) throws(PostgresError) in
            (
                tenant: try row.required(.tenant, row.tenant), maximum: try row.int(.maxSchedules),
                isPaused: try row.required(.isPaused, row.bool)
            )
        }
        for limit in limits {
            let places = results.indices.filter { results[$0].row.tenant == limit.tenant }
            if let maximum = limit.maximum, places.contains(where: { results[$0].isCreated }) {
                try execute(StatementCall(.lockCount, [.tenant(limit.tenant)]))
                // The count includes the new names, which this transaction has taken already.
                if try count(StatementCall(.countSchedules, [.tenant(limit.tenant)])) > maximum {
                    return TenantLimit(things: "schedules", tenant: limit.tenant, limit: maximum)
                }
            }
            if limit.isPaused {
                for place in places where results[place].row.state == .active {
                    results[place].row.pauseWithTenant()
                    results[place].isChanged = true
                }
            }
        }
        return nil
    }

    /// Whether the tenant is paused; its row is locked so that this holds until the transaction ends.
    func isPaused(_ tenant: TenantID) throws(PostgresError) -> Bool {
        try value(StatementCall(.isTenantPaused, [.tenant(tenant)]), .bool) == true
    }
}

extension ScheduleRow {
    fileprivate mutating func pauseWithTenant() {
        state = .paused
        resumeAt = [resumeAt, nextAt].compactMap(\.self).min()
        nextAt = nil
        pauseReason = TenantSettings.pauseReason
    }
}

/// Columns of `Statement.findTenant`, `lockTenant` and `tenants-changed`.
enum TenantColumn: Int, ResultColumn {
    case tenant, version, revision, settings, updatedAt
}

extension PostgresRow<TenantColumn> {
    /// Settings that cannot be decoded hurt no other tenant: the row says why.
    func tenant() throws(PostgresError) -> TenantRow {
        let bytes = try required(.settings, bytes)
        var (settings, problem) = (TenantSettings(isPaused: true), String?.none)
        do throws(ByteReader.Failure) {
            settings = try TenantSettings(decoding: bytes)
        } catch {
            problem = "\(error)"
        }
        return TenantRow(
            tenant: try required(.tenant, tenant), version: try required(.version, int),
            revision: try required(.revision, int), settings: settings, problem: problem,
            updatedAt: try required(.updatedAt, time))
    }
}

/// Columns of `Statement.triggersOfTenant`.
private enum TenantTriggerColumn: Int, ResultColumn {
    case id, mayBeQueued
}

/// Columns of `Statement.listSecrets`.
private enum SecretColumn: Int, ResultColumn {
    case name, createdAt, updatedAt
}

/// Columns of `Statement.sealedSecrets`.
private enum SealedSecretColumn: Int, ResultColumn {
    case tenant, name, sealed
}

/// Columns of `tenant-limits`.
private enum TenantLimitColumn: Int, ResultColumn {
    case tenant, maxSchedules, isPaused
}
