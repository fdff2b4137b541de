package import Model
package import Store

extension PostgresRegistry {
    /// Whether the tenant was erased and has neither schedules nor secrets nor API keys since.
    package func isErased(_ tenant: String) async throws -> Bool {
        try await inTransaction(of: tenant) { connection throws(PostgresError) in
            try connection.query(StatementCall(.isTenantErased, [.text(tenant)])) { row throws(PostgresError) in
                try row.required(0, row.bool)
            }.first ?? false
        }
    }

    /// The tenant's settings; nil if none were ever set.
    package func tenant(_ tenant: String) async throws -> TenantRow? {
        try await inTransaction(of: tenant) { connection throws(PostgresError) in
            try connection.query(StatementCall(.findTenant, [.text(tenant)])) { row throws(PostgresError) in
                try row.tenant()
            }.first
        }
    }

    /// Creates or replaces the settings, under a new directory version.
    package func put(
        _ settings: TenantSettings, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange {
        try await inTransaction(of: actor.tenant) {
            connection throws(PostgresError) -> Result<TenantChange, RevisionMismatch> in
            let version = try connection.nextDirectoryVersion()
            let before = try connection.query(StatementCall(.lockTenant, [.text(actor.tenant)])) {
                row throws(PostgresError) in try row.tenant()
            }.first
            if let mismatch = expecting?.mismatch(
                revision: before?.revision, entityTag: before.map { "\($0.revision)" })
            {
                return .failure(mismatch)
            }
            try connection.put(settings, version: version, tenant: actor.tenant, now: now)
            try connection.appendAudit(actor, "tenant.put", actor.tenant, now: now)
            return .success(try connection.change(of: actor.tenant, isCreated: before == nil))
        }.get()
    }

    /// Resets the tenant's settings and revokes its own API keys; without `isPaused` also deletes its secrets,
    /// idempotency keys, kept actions, dead letters and owed failure calls, and marks it as erased.
    package func eraseSettings(isPaused: Bool, by actor: AuditActor, now: Timestamp) async throws -> TenantChange {
        try await inTransaction(of: actor.tenant) { connection throws(PostgresError) in
            let version = try connection.nextDirectoryVersion()
            try connection.execute(StatementCall(.dropTenantKeys, [.text(actor.tenant), .time(now)]))
            if !isPaused {
                try connection.execute(StatementCall(.dropSecrets, [.text(actor.tenant)]))
                try connection.execute(StatementCall(.dropRequestsOfTenant, [.text(actor.tenant)]))
                try connection.execute(StatementCall(.dropActionsOfTenant, [.text(actor.tenant)]))
                try connection.execute(StatementCall(.dropDeadOfTenant, [.text(actor.tenant)]))
                try connection.execute(StatementCall(.dropOwedCallsOfTenant, [.text(actor.tenant)]))
            }
            let settings = TenantSettings(isPaused: isPaused)
            try connection.put(settings, version: version, tenant: actor.tenant, now: now)
            if !isPaused { try connection.execute(StatementCall(.markErased, [.text(actor.tenant)])) }
            // An erasure begins with the pause; audit it here, so that an unfinished one is on record too.
            if isPaused { try connection.appendAudit(actor, "tenant.delete", actor.tenant, now: now) }
            return try connection.change(of: actor.tenant, isCreated: false)
        }
    }

    /// Deletes a page of schedules, hidden ones included, and returns their queued triggers.
    package func eraseSchedules(limit: Int, by actor: AuditActor, now: Timestamp) async throws -> BulkPage {
        try await inTransaction(of: actor.tenant) { connection throws(PostgresError) in
            let page = StatementCall(.eraseSchedules, [.text(actor.tenant), .bigint(limit)])
            let rows = try connection.query(page) { row throws(PostgresError) in try row.schedule() }
            if rows.isEmpty { return BulkPage() }
            let open = try connection.cancelOpen(rows.map(\.id), now: now, reason: .deleted)
            for row in rows {
                try connection.execute(
                    StatementCall(
                        .apiDelete, [.text(actor.tenant), .text(row.name), .smallint(row.shard), .uuid(row.id)]))
            }
            try connection.execute(StatementCall(.unwatchFailures, [.uuids(rows.map(\.id))]))
            return BulkPage(names: rows.map(\.name), cancelled: open.filter(\.isQueued).map(\.id))
        }
    }

    /// The days whose partitions are attached.
    package func triggerDays() async throws -> [Timestamp] {
        try await inTransaction(of: nil) { connection throws(PostgresError) in
            try connection.query(StatementCall(.triggerTables)) { row throws(PostgresError) in
                (day: try row.required(0, row.time), place: try row.required(1, row.int))
            }
        }.filter { $0.place == TriggerDay.Place.attached.rawValue }.map(\.day)
    }

    /// A page of the tenant's triggers of a day, by id. Reads the day's rows up to the end of the page; the statement
    /// may take 10 minutes.
    package func triggers(
        of tenant: String, on day: Timestamp, after id: Identifier, limit: Int
    ) async throws -> [(id: Identifier, mayBeQueued: Bool)] {
        let call = StatementCall(.triggersOfTenant, [.time(day), .text(tenant), .uuid(id), .bigint(limit)])
        return try await inTransaction(of: tenant) { connection throws(PostgresError) in
            try connection.execute(StatementCall(.longTimeout))
            return try connection.query(call) { row throws(PostgresError) in
                (id: try row.required(0, row.uuid), mayBeQueued: try row.required(1, row.bool))
            }
        }
    }

    /// Returns how many rows it deleted.
    package func eraseTriggers(_ ids: [Identifier], of tenant: String, on day: Timestamp) async throws -> Int {
        try await inTransaction(of: tenant) { connection throws(PostgresError) in
            try connection.execute(StatementCall(.eraseTriggers, [.time(day), .text(tenant), .uuids(ids)]))
        }
    }

    // MARK: Secrets

    /// A page of names and times, by name; no values.
    package func secrets(of tenant: String, after name: String, limit: Int) async throws -> [SecretRow] {
        let call = StatementCall(.listSecrets, [.text(tenant), .text(name), .bigint(limit)])
        return try await inTransaction(of: tenant) { connection throws(PostgresError) in
            try connection.query(call) { row throws(PostgresError) in
                SecretRow(
                    name: try row.required(0, row.text), createdAt: try row.required(1, row.time),
                    updatedAt: try row.required(2, row.time))
            }
        }
    }

    /// Stores a sealed value, keeping the replaced one until `keeping`; throws `TenantLimit` if the tenant has
    /// `maximum` secrets already.
    package func putSecret(
        _ name: String, sealed: [UInt8], keeping: Timestamp?, maximum: Int, by actor: AuditActor, now: Timestamp
    ) async throws -> TenantChange {
        let tenant = PostgresValue.text(actor.tenant)
        return try await inTransaction(of: actor.tenant) {
            connection throws(PostgresError) -> Result<TenantChange, TenantLimit> in
            let version = try connection.nextDirectoryVersion()
            let before = try connection.query(StatementCall(.lockSecret, [tenant, .text(name)])) {
                row throws(PostgresError) in try row.required(0, row.bytes)
            }.first
            if before == nil, try connection.count(StatementCall(.countSecrets, [tenant])) >= maximum {
                return .failure(TenantLimit(things: "secrets", tenant: actor.tenant, limit: maximum))
            }
            var secret = SealedSecret(current: sealed)
            if let keeping, let before = before.flatMap({ try? SealedSecret(decoding: $0) }) {
                (secret.previous, secret.previousUntil) = (before.current, keeping)
            }
            try connection.execute(
                StatementCall(.putSecret, [tenant, .text(name), .bytes(secret.encoded), .time(now)]))
            try connection.touch(actor.tenant, version: version, now: now)
            try connection.appendAudit(actor, "secret.put", name, now: now)
            return .success(try connection.change(of: actor.tenant, isCreated: before == nil))
        }.get()
    }

    /// Deletes a secret; nil if there is no such secret.
    package func deleteSecret(_ name: String, by actor: AuditActor, now: Timestamp) async throws -> TenantChange? {
        try await inTransaction(of: actor.tenant) { connection throws(PostgresError) in
            let version = try connection.nextDirectoryVersion()
            let count = try connection.execute(StatementCall(.deleteSecret, [.text(actor.tenant), .text(name)]))
            if count == 0 { return nil }
            try connection.touch(actor.tenant, version: version, now: now)
            try connection.appendAudit(actor, "secret.delete", name, now: now)
            return try connection.change(of: actor.tenant, isCreated: false)
        }
    }

    /// Those of the names that are not secrets of the tenant.
    package func missingSecrets(_ names: Set<String>, tenant: String) async throws -> Set<String> {
        if names.isEmpty { return [] }
        let known = try await inTransaction(of: tenant) { connection throws(PostgresError) in
            try connection.query(StatementCall(.knownSecrets, [.text(tenant), .texts(names.sorted())])) {
                row throws(PostgresError) in try row.required(0, row.text)
            }
        }
        return names.subtracting(known)
    }
}

extension PostgresConnection {
    /// The next version of the tenant directory. Its row lock is held until the transaction ends, so that versions are
    /// in commit order; every transaction that changes a tenant takes it first.
    fileprivate func nextDirectoryVersion() throws(PostgresError) -> Int {
        try count(StatementCall(.nextDirectoryVersion))
    }

    /// The number that a statement returns; 0 if it returns no row.
    fileprivate func count(_ call: StatementCall) throws(PostgresError) -> Int {
        try query(call) { row throws(PostgresError) in try row.required(0, row.int) }.first ?? 0
    }

    fileprivate func put(
        _ settings: TenantSettings, version: Int, tenant: String, now: Timestamp
    ) throws(PostgresError) {
        try execute(
            StatementCall(
                .putTenant,
                [
                    .text(tenant), .bigint(version), .bytes(settings.encoded), .double(settings.weight),
                    .int(settings.maxSchedules), .bool(settings.isPaused), .bool(settings.onFailure != nil), .time(now),
                ]))
    }

    /// Gives the tenant a new directory version after a change of its secrets.
    fileprivate func touch(_ tenant: String, version: Int, now: Timestamp) throws(PostgresError) {
        try execute(
            StatementCall(
                .touchTenant, [.text(tenant), .bigint(version), .bytes(TenantSettings().encoded), .time(now)]))
    }

    /// The tenant as it is now, with the directory entry to publish.
    fileprivate func change(of tenant: String, isCreated: Bool) throws(PostgresError) -> TenantChange {
        let row = try query(StatementCall(.findTenant, [.text(tenant)])) { row throws(PostgresError) in
            try row.tenant()
        }[0]
        return TenantChange(row: row, isCreated: isCreated, entry: try entries(of: [row])[0])
    }

    /// The weights of tenants whose weight is not 1.
    func weights() throws(PostgresError) -> [String: Double] {
        let rows = try query(StatementCall(.weights)) { row throws(PostgresError) in
            (try row.required(0, row.text), try row.required(1, row.double))
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// The directory entries of these tenants: what workers must know of them, with secrets still sealed.
    func entries(of rows: [TenantRow]) throws(PostgresError) -> [DirectoryEntry] {
        if rows.isEmpty { return [] }
        var secrets: [String: [String: SealedSecret]] = [:]
        let call = StatementCall(.sealedSecrets, [.texts(rows.map(\.tenant))])
        let found = try query(call) { row throws(PostgresError) in
            (
                tenant: try row.required(0, row.text), name: try row.required(1, row.text),
                sealed: try row.required(2, row.bytes)
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
        let call = StatementCall(.tenantLimits, [.texts(Set(results.map(\.row.tenant)).sorted())])
        let limits = try query(call) { row throws(PostgresError) in
            (tenant: try row.required(0, row.text), maximum: try row.int(1), isPaused: try row.required(2, row.bool))
        }
        for limit in limits {
            let places = results.indices.filter { results[$0].row.tenant == limit.tenant }
            if let maximum = limit.maximum, places.contains(where: { results[$0].isCreated }) {
                try query(StatementCall(.lockCount, [.text(limit.tenant)])) { _ throws(PostgresError) in }
                // The count includes the new names, which this transaction has taken already.
                if try count(StatementCall(.countSchedules, [.text(limit.tenant)])) > maximum {
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
    func isPaused(_ tenant: String) throws(PostgresError) -> Bool {
        try query(StatementCall(.isTenantPaused, [.text(tenant)])) { row throws(PostgresError) in
            try row.required(0, row.bool)
        } == [true]
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

extension PostgresRow {
    /// Reads the columns of `find-tenant`. Settings that cannot be decoded hurt no other tenant: the row says why.
    func tenant() throws(PostgresError) -> TenantRow {
        let bytes = try required(3, bytes)
        var (settings, problem) = (TenantSettings(isPaused: true), String?.none)
        do throws(ByteReader.Failure) {
            settings = try TenantSettings(decoding: bytes)
        } catch {
            problem = "\(error)"
        }
        return TenantRow(
            tenant: try required(0, text), version: try required(1, int), revision: try required(2, int),
            settings: settings, problem: problem, updatedAt: try required(4, time))
    }
}
