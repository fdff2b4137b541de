package import Model
package import Store

/// `APIStore` on a pool of connections whose role is bound by row-level security.
///
/// Each verb is one transaction that first names its tenant, unless it says otherwise, and throws `PostgresError`. A
/// transaction that the server asks to retry is repeated once.
package final class PostgresRegistry: APIStore {
    private let pool: PostgresPool
    /// Authenticates API keys on a connection of its own, so that this never waits behind tenants' requests.
    private let authenticationPool: PostgresPool

    /// A registry that connects at the first calls.
    ///
    /// - Parameter connections: number of connections for tenants' work, 6 by default; one more authenticates keys.
    package init(url: String, connections: Int = 6) {
        var configuration = PostgresConnection.Configuration(url: url, applicationName: "headgate api")
        configuration.setup =
            "set jit = off; set enable_seqscan = off; set statement_timeout = '30s'; set idle_in_transaction_session_timeout = '30s'"
        pool = PostgresPool(configuration, size: connections)
        configuration.setup = "set jit = off; set statement_timeout = '5s'"
        authenticationPool = PostgresPool(configuration, size: 1)
    }

    /// The database's clock; no transaction.
    package func now() async throws -> Timestamp { try await authenticationPool.with { try await $0.now() } }

    /// The number of shards; no transaction.
    package func shardCount() async throws -> Int {
        try await authenticationPool.with { connection in
            try await connection.values(StatementCall(.countShards), .int)
        }.first ?? 0
    }

    /// When the monitor last did each of its duties; no transaction.
    package func monitorAge(now: Timestamp) async throws -> MonitorAge {
        try await pool.with { try await $0.monitorAge(now: now) }
    }

    /// Says how the database's schema version differs from `Migrator.version`, and what to do; nil if it is that version or newer.
    package func schemaComplaint() async throws -> String? {
        let version =
            try await authenticationPool.with { connection in
                try await connection.value(StatementCall(.schemaVersion), .int)
            } ?? 0
        // A newer schema serves older programs (protocols.md, 26).
        return version >= Migrator.version
            ? nil : "the schema has version \(version), this needs \(Migrator.version): run headgate migrate"
    }

    /// Runs `body` in a transaction that sees one tenant, or, without one, in the engine's role, which sees all.
    /// Repeats it once where the server asks for a retry.
    ///
    /// - Parameter isReading: statements get 5 s instead of 30 s: somebody waits for the answer, and nothing is
    ///   changed.
    func inTransaction<Value: Sendable>(
        of tenant: TenantID?, isReading: Bool = false,
        _ body: @escaping @Sendable (PostgresTransaction) throws(PostgresError) -> Value
    ) async throws -> Value {
        let first =
            [tenant.map { StatementCall(.setTenant, [.tenant($0)]) } ?? StatementCall(.becomeEngine)]
            + (isReading ? [StatementCall(.shortTimeout)] : [])
        return try await pool.with(for: tenant?.description ?? "") { connection in
            do {
                return try await connection.transaction(first: first, body)
            } catch let error as PostgresError where error.isRetryable && error.code == .refused {
                return try await connection.transaction(first: first, body)
            }
        }
    }

    // MARK: Schedules

    /// Creates or replaces schedules, all or none: takes names, locks what exists, checks tenant limits, writes.
    package func put(
        _ schedules: [ScheduleWrite], by actor: AuditActor, acrossTenants: Bool, now: Timestamp
    ) async throws -> [PutResult] {
        precondition(acrossTenants || schedules.allSatisfy { $0.tenant == actor.tenant }, "another tenant's schedule")
        return try await inTransaction(of: acrossTenants ? nil : actor.tenant) {
            transaction throws(PostgresError) -> Result<[PutResult], any Error> in
            if let mismatch = try transaction.mismatch(schedules) { return .failure(mismatch) }
            try transaction.shareFloors(of: Set(schedules.map(\.shard)))
            let names = [PostgresValue.tenants(schedules.map(\.tenant)), .names(schedules.map(\.name))]
            try transaction.execute(
                StatementCall(
                    .apiPutName, names + [.uuids(schedules.map(\.id)), .smallints(schedules.map(\.shard))]))
            let existing = try transaction.query(StatementCall(.apiLockNames, names)) { row throws(PostgresError) in
                try row.schedule()
            }
            try transaction.shareFloors(of: Set(existing.map(\.shard)).subtracting(schedules.map(\.shard)))
            var results = try transaction.results(of: schedules, existing: existing, now: now)
            if let limit = try transaction.keepLimits(&results, now: now) {
                // Roll back the names taken above.
                try transaction.execute(StatementCall(.rollbackAndChain))
                return .failure(limit)
            }
            try transaction.write(results, now: now)
            let changed = results.filter(\.isChanged).map(\.row)
            let counts = changed.reduce(into: [:]) { $0[$1.tenant, default: 0] += 1 }
            let objects = counts.sorted { $0.key < $1.key }.map { tenant, count in
                (tenant, changed.count == 1 ? changed[0].name.description : "\(count) schedules")
            }
            if !objects.isEmpty {
                try transaction.appendAudit(objects, by: actor.subject, "schedule.put", now: now)
            }
            return .success(results)
        }.get()
    }

    /// The schedule of that name, or nil. Locks its row while reading.
    package func schedule(_ name: ScheduleName, tenant: TenantID) async throws -> ScheduleRow? {
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in try transaction.find(name, tenant) }
    }

    /// Those of the schedules that exist; read in the engine's role if the names are of several tenants.
    package func schedules(named names: [(tenant: TenantID, name: ScheduleName)]) async throws -> [ScheduleRow] {
        let call = StatementCall(.apiFindNames, [.tenants(names.map(\.tenant)), .names(names.map(\.name))])
        let tenants = Set(names.map(\.tenant))
        return try await inTransaction(of: tenants.count == 1 ? tenants.first : nil) {
            transaction throws(PostgresError) in
            try transaction.query(call) { row throws(PostgresError) in try row.schedule() }
        }
    }

    /// A page of schedules in the order of names; statements have 5 s.
    package func schedules(
        tenant: TenantID, prefix: String, state: ScheduleState?, after name: ScheduleName?, limit: Int
    ) async throws -> [ScheduleRow] {
        let call = StatementCall(
            .apiSchedules,
            [
                .tenant(tenant), .text(name?.description ?? ""), .text(prefix), .smallint(state?.rawValue),
                .bigint(limit),
            ])
        return try await inTransaction(of: tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(call) { row throws(PostgresError) in try row.schedule() }
        }
    }

    /// Deletes a schedule and requests cancellation of its triggers of all kinds; keeps its action for those in flight.
    /// Nil if there is no such schedule, otherwise the queued triggers to cancel.
    package func delete(
        _ name: ScheduleName, expecting: ExpectedRevision?, by actor: AuditActor, now: Timestamp
    ) async throws -> [TriggerID]? {
        try await inTransaction(of: actor.tenant) {
            transaction throws(PostgresError) -> Result<[TriggerID]?, RevisionMismatch> in
            guard let row = try transaction.find(name, actor.tenant) else { return .success(nil) }
            if let mismatch = expecting?.mismatch(row) { return .failure(mismatch) }
            let open = try transaction.cancelOpen([row.id], now: now, reason: .deleted)
            try transaction.keepActions(of: [row], now: now)
            try transaction.execute(
                StatementCall(.apiDelete, [.tenant(actor.tenant), .name(name), .smallint(row.shard), .uuid(row.id)]))
            try transaction.execute(StatementCall(.unwatchFailures, [.uuids([row.id])]))
            try transaction.appendAudit(actor, "schedule.delete", name, now: now)
            return .success(open.filter(\.isQueued).map(\.id))
        }.get()
    }

    /// Pauses a schedule. Nil if there is no such schedule, otherwise the queued triggers to cancel.
    package func pause(_ name: ScheduleName, reason: String, by actor: AuditActor, now: Timestamp) async throws
        -> [TriggerID]?
    {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            guard let row = try transaction.find(name, actor.tenant) else { return nil }
            let open = try transaction.cancelOpen([row.id], now: now, reason: .paused)
            try transaction.pause([row], reason: reason, now: now)
            try transaction.rewind(open.filter { !$0.isQueued })
            try transaction.appendAudit(actor, "schedule.pause", name, reason: reason, now: now)
            return open.filter(\.isQueued).map(\.id)
        }
    }

    /// Arms a schedule if it is paused. False if there is no such schedule.
    package func resume(
        _ name: ScheduleName, missed: Int?, by actor: AuditActor, now: Timestamp,
        next: @escaping @Sendable (ScheduleRow) -> Timestamp?
    ) async throws -> Bool {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            guard let row = try transaction.find(name, actor.tenant) else { return false }
            guard row.state == .paused else { return true }
            try transaction.resume([row], missed: missed, now: now, next: next)
            try transaction.appendAudit(actor, "schedule.resume", name, now: now)
            return true
        }
    }

    // MARK: Triggers

    /// Writes a trigger and, for a one-off, its hidden schedule. False if either exists already, or the trigger's
    /// schedule is gone.
    package func insert(_ trigger: TriggerWrite, by actor: AuditActor, now: Timestamp) async throws -> Bool {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            var shard = trigger.shard
            // The schedule may have moved to another shard since it was read.
            if trigger.hidden == nil {
                guard let row = try transaction.find(trigger.message.schedule, actor.tenant) else { return false }
                shard = row.shard
            }
            try transaction.shareFloors(of: [shard])
            if let hidden = trigger.hidden {
                let taken = try transaction.execute(
                    StatementCall(
                        .apiPutName,
                        [
                            .tenants([actor.tenant]), .names([hidden.name]), .uuids([hidden.id]),
                            .smallints([hidden.shard]),
                        ]))
                if taken == 0 { return false }
                var row = hidden.newRow(now: now)
                // A stored trigger needs no armed schedule; the row only keeps the action.
                if trigger.isStored { (row.state, row.nextAt) = (.finished, nil) }
                try transaction.insert([row], kind: .hidden, now: now)
                if let next = row.nextAt {
                    try transaction.execute(StatementCall(.apiLowerFloor, [.smallints([row.shard]), .times([next])]))
                }
            }
            let message = trigger.message
            var isNew = true
            if trigger.isStored {
                let insert = StatementCall.insertTrigger(
                    message, state: trigger.state, shard: shard, revision: trigger.revision,
                    schedule: trigger.schedule)
                isNew = try transaction.execute(insert) == 1
                if trigger.state == .planned {
                    try transaction.execute(
                        StatementCall(.apiLowerPlannedFloor, [.smallint(shard), .time(message.plannedAt)]))
                }
            }
            try transaction.appendAudit(actor, "trigger.create", message.id.description, now: now)
            return isNew
        }
    }

    /// Nil if the tenant has no such trigger.
    package func trigger(_ id: TriggerID, tenant: TenantID) async throws -> TriggerRow? {
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.trigger(id, tenant: tenant)
        }
    }

    /// A page of triggers, newest first; statements have 5 s.
    package func triggers(_ filter: TriggerFilter) async throws -> [TriggerRow] {
        let last = filter.after?.id ?? TriggerID.highest
        let call =
            if let schedule = filter.schedule {
                StatementCall(
                    .apiTriggersOfSchedule,
                    [
                        .tenant(filter.tenant), .name(schedule), .time(filter.from), .time(filter.to),
                        .smallint(filter.state?.rawValue), .time(filter.after?.occurrence ?? filter.to), .uuid(last),
                        .bigint(filter.limit),
                    ])
            } else {
                StatementCall(
                    .apiTriggers,
                    [
                        .tenant(filter.tenant), .time(filter.from), .time(filter.to), .smallint(filter.state?.rawValue),
                        .uuid(last), .bigint(filter.limit), .uuid(filter.window?.first ?? TriggerID.lowest),
                        .time(filter.window?.from ?? filter.from), .time(filter.window?.to ?? filter.to),
                    ])
            }
        return try await inTransaction(of: filter.tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(call) { row throws(PostgresError) in try row.trigger() }
        }
    }

    /// Requests cancellation; a planned trigger is cancelled at once. Nil if there is no such trigger.
    package func requestCancel(_ id: TriggerID, by actor: AuditActor, now: Timestamp) async throws -> TriggerRow? {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            try transaction.execute(
                StatementCall(.apiCancelTrigger, [.uuid(id), .time(id.v7Time), .tenant(actor.tenant), .time(now)]))
            guard let row = try transaction.trigger(id, tenant: actor.tenant) else { return nil }
            try transaction.appendAudit(actor, "trigger.cancel", id.description, now: now)
            return row
        }
    }

    /// Marks triggers as cancelled that the queue does not hold, and rewinds their schedules.
    package func settleCancelled(_ triggers: [CancelledTrigger], tenant: TenantID, reason: CancelReason) async throws {
        if triggers.isEmpty { return }
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.settleCancelled(triggers, reason: reason)
        }
    }

    /// Whether each of these triggers is over. One round trip, unless some are to be marked as cancelled.
    package func judgeHeld(_ triggers: [HeldTrigger]) async throws -> [Bool] {
        if triggers.isEmpty { return [] }
        let call = StatementCall(
            .heldTriggers,
            [
                .uuids(triggers.map(\.id)), .times(triggers.map(\.id.v7Time)), .ints(triggers.map(\.redrive)),
            ])
        return try await inTransaction(of: nil) { transaction throws(PostgresError) in
            var over = triggers.map { _ in false }
            // The same trigger may be there twice: SQS knows no ids.
            var cancelled: [TriggerID: Bool] = [:]
            for (place, isToSettle) in try transaction.query(
                call,
                { (row: PostgresRow<HeldColumn>) throws(PostgresError) in
                    (try row.required(.place, row.int) - 1, try row.required(.isToSettle, row.bool))
                })
            {
                over[place] = true
                let trigger = triggers[place]
                if isToSettle { cancelled[trigger.id] = trigger.mayBeCalled || cancelled[trigger.id] ?? false }
            }
            if !cancelled.isEmpty {
                try transaction.settleCancelled(
                    cancelled.map { CancelledTrigger($0.key, mayBeCalled: $0.value) }, reason: .cancelled)
            }
            return over
        }
    }

    /// Requeues dead triggers with attempts reset and the redrive number raised. Returns those that were dead and whose
    /// action is known.
    package func redrive(
        _ ids: [TriggerID], deadline: Timestamp, checkAt: Timestamp, by actor: AuditActor, now: Timestamp
    ) async throws -> [QueuedTrigger] {
        let ids = ids.sorted()
        let call = StatementCall(
            .apiRedrive,
            [.uuids(ids), .times(ids.map(\.v7Time)), .tenant(actor.tenant), .time(deadline), .time(checkAt)])
        return try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            let object = ids.count == 1 ? ids[0].description : "\(ids.count) triggers"
            try transaction.appendAudit(actor, "queue.redrive", object, now: now)
            return try transaction.query(call) { (row: PostgresRow<QueuedTriggerColumn>) throws(PostgresError) in
                try row.queuedTrigger()
            }
        }
    }

    /// A page of dead triggers, oldest first; in the engine's role for all tenants.
    package func deadTriggers(
        tenant: TenantID?, after place: DeadTrigger.Place?, limit: Int
    ) async throws -> [DeadTrigger] {
        let call = StatementCall(
            .listDead,
            [
                .tenant(tenant), .time(place?.diedAt ?? .distantPast), .uuid(place?.id ?? TriggerID.lowest),
                .bigint(limit),
            ])
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.query(call) { (row: PostgresRow<DeadTriggerColumn>) throws(PostgresError) in
                DeadTrigger(
                    trigger: try row.queuedTrigger(), diedAt: try row.required(.diedAt, row.time),
                    reason: try row.text(.reason))
            }
        }
    }

    /// How many triggers are dead, at most `limit`; in the engine's role for all tenants.
    package func countDead(tenant: TenantID?, limit: Int) async throws -> Int {
        let call = StatementCall(.countDead, [.tenant(tenant), .bigint(limit)])
        return try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.value(call, .int) ?? 0
        }
    }

    // MARK: Keys and audit

    /// The key with this hash, unless revoked; nil if there is none. Uses `headgate.authenticate`, which sees the keys
    /// of all tenants.
    package func authenticate(hash: [UInt8]) async throws -> KeyRow? {
        try await authenticationPool.with { connection in
            try await connection.query(StatementCall(.authenticate, [.bytes(hash)])) { row throws(PostgresError) in
                try row.key()
            }
        }.first
    }

    /// Stores the hash of a new API key, for the key's own tenant.
    package func insert(_ key: KeyRow, hash: [UInt8], by actor: AuditActor, now: Timestamp) async throws {
        let groups = PostgresValue.texts(key.groups)
        try await inTransaction(of: key.tenant) { transaction throws(PostgresError) in
            try transaction.execute(
                StatementCall(
                    .insertKey,
                    [
                        .uuid(key.id), .bytes(hash), .tenant(key.tenant), .text(key.subject), .text(key.role), groups,
                        .bool(key.isPlatform), .time(now),
                    ]))
            let noted = AuditActor(tenant: key.tenant, subject: actor.subject)
            try transaction.appendAudit(noted, "key.create", key.id.description, now: now)
        }
    }

    /// The tenant's API keys that are not revoked, by id.
    package func keys(tenant: TenantID) async throws -> [KeyRow] {
        try await inTransaction(of: tenant) { transaction throws(PostgresError) in
            try transaction.query(StatementCall(.listKeys, [.tenant(tenant)])) { row throws(PostgresError) in
                try row.key()
            }
        }
    }

    /// False if the tenant has no such key, or it was revoked already.
    package func revoke(_ key: KeyID, by actor: AuditActor, now: Timestamp) async throws -> Bool {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            let count = try transaction.execute(
                StatementCall(.revokeKey, [.tenant(actor.tenant), .uuid(key), .time(now)]))
            if count > 0 { try transaction.appendAudit(actor, "key.revoke", key.description, now: now) }
            return count > 0
        }
    }

    /// Appends an entry to the audit log.
    package func record(_ action: String, _ object: String, by actor: AuditActor, now: Timestamp) async throws {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            try transaction.appendAudit(actor, action, object, now: now)
        }
    }

    /// A page of the tenant's audit log, newest first; statements have 5 s.
    package func audit(tenant: TenantID, before id: Int?, limit: Int) async throws -> [AuditRow] {
        let call = StatementCall(.listAudit, [.tenant(tenant), .bigint(id ?? .max), .bigint(limit)])
        return try await inTransaction(of: tenant, isReading: true) { transaction throws(PostgresError) in
            try transaction.query(call) { (row: PostgresRow<AuditColumn>) throws(PostgresError) in
                AuditRow(
                    id: try row.required(.id, row.int), at: try row.required(.at, row.time),
                    subject: try row.required(.subject, row.text), action: try row.required(.action, row.text),
                    object: try row.required(.object, row.text), reason: try row.text(.reason))
            }
        }
    }
}

/// Columns of `list-dead`.
private enum DeadTriggerColumn: Int, QueuedTriggerColumns {
    case id, tenant, name, occurrence, plannedAt, deadline, redrive, attempts, action, kind, scheduleID, diedAt, reason
}

/// Columns of `Statement.listAudit`.
private enum AuditColumn: Int, ResultColumn {
    case id, at, subject, action, object, reason
}

/// Columns of `Statement.authenticate` and `listKeys`.
private enum KeyColumn: Int, ResultColumn {
    case id, tenant, subject, role, groups, isPlatform
}

extension PostgresRow<KeyColumn> {
    /// Groups are separated by commas.
    fileprivate func key() throws(PostgresError) -> KeyRow {
        KeyRow(
            id: try required(.id, id), tenant: try required(.tenant, tenant), subject: try required(.subject, text),
            role: try required(.role, text),
            groups: (try text(.groups) ?? "").split(separator: ",").map(String.init),
            isPlatform: try required(.isPlatform, bool))
    }
}

/// Columns of `held-triggers`.
private enum HeldColumn: Int, ResultColumn {
    case place, isToSettle
}
