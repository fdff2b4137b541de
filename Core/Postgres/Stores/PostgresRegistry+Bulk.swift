package import Model
package import Store

extension PostgresRegistry {
    /// Pauses a page of schedules in one transaction that locks them.
    package func pauseAll(
        prefix: String, after name: ScheduleName?, limit: Int, reason: String, by actor: AuditActor, now: Timestamp
    ) async throws -> BulkPage {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            // If the tenant was resumed meanwhile, its pause stops here.
            if reason == TenantSettings.pauseReason, try !transaction.isPaused(actor.tenant) { return BulkPage() }
            let rows = try transaction.lock(
                prefix: prefix, state: .active, after: name, limit: limit, tenant: actor.tenant)
            if rows.isEmpty { return BulkPage() }
            let open = try transaction.cancelOpen(rows.map(\.id), now: now, reason: .paused)
            try transaction.pause(rows, reason: reason, now: now)
            try transaction.rewind(open.filter { !$0.isQueued })
            try transaction.appendAudit(
                rows.map { (actor.tenant, $0.name.description) }, by: actor.subject, "schedule.pause", reason: reason,
                now: now)
            return BulkPage(names: rows.map(\.name), cancelled: open.filter(\.isQueued).map(\.id))
        }
    }

    /// Resumes a page of schedules in one transaction that locks them; an empty page if the tenant was paused again
    /// meanwhile.
    package func resumeAll(
        prefix: String, pausedFor reason: String?, after name: ScheduleName?, limit: Int, missed: Int?,
        by actor: AuditActor,
        now: Timestamp, next: @escaping @Sendable (ScheduleRow) -> Timestamp?
    ) async throws -> BulkPage {
        try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            if reason == TenantSettings.pauseReason, try transaction.isPaused(actor.tenant) { return BulkPage() }
            let rows = try transaction.lock(
                prefix: prefix, state: .paused, reason: reason, after: name, limit: limit, tenant: actor.tenant)
            if rows.isEmpty { return BulkPage() }
            try transaction.resume(rows, missed: missed, now: now, next: next)
            try transaction.appendAudit(
                rows.map { (actor.tenant, $0.name.description) }, by: actor.subject, "schedule.resume", now: now)
            return BulkPage(names: rows.map(\.name))
        }
    }

    /// Inserts planned triggers in one transaction and returns the ids that are new; none if the schedule is gone.
    package func backfill(
        _ row: ScheduleRow, _ triggers: [BackfillTrigger], deadline: Timestamp, by actor: AuditActor, now: Timestamp
    ) async throws -> [TriggerID] {
        if triggers.isEmpty { return [] }
        return try await inTransaction(of: actor.tenant) { transaction throws(PostgresError) in
            // The schedule may have moved to another shard since it was read.
            guard let row = try transaction.find(row.name, row.tenant) else { return [] }
            try transaction.shareFloors(of: [row.shard])
            let call = StatementCall(
                .apiBackfill,
                [
                    .smallint(row.shard), .smallint(TriggerKind.backfill.rawValue), .int(row.revision), .uuid(row.id),
                    .tenant(row.tenant), .name(row.name), .time(now), .time(deadline), .uuids(triggers.map(\.id)),
                    .times(triggers.map(\.id.v7Time)), .times(triggers.map(\.occurrence)),
                ])
            let ids = try transaction.values(call, .triggerID)
            try transaction.execute(StatementCall(.apiLowerPlannedFloor, [.smallint(row.shard), .time(now)]))
            try transaction.appendAudit(actor, "schedule.backfill", row.name, now: now)
            return ids
        }
    }
}

extension PostgresTransaction {
    /// A page of the schedules with a prefix and state, by name, locked until the transaction ends.
    fileprivate func lock(
        prefix: String, state: ScheduleState, reason: String? = nil, after name: ScheduleName?, limit: Int,
        tenant: TenantID
    ) throws(PostgresError) -> [ScheduleRow] {
        let call = StatementCall(
            .apiLockPrefix,
            [
                .tenant(tenant), .text(name?.description ?? ""), .text(prefix), .smallint(state.rawValue),
                .bigint(limit), .text(reason),
            ])
        return try query(call) { row throws(PostgresError) in try row.schedule() }
    }

    /// Pauses schedules that the transaction has locked; each remembers where to resume.
    func pause(_ rows: [ScheduleRow], reason: String, now: Timestamp) throws(PostgresError) {
        try execute(
            StatementCall(
                .apiPause, [.text(reason), .time(now), .smallints(rows.map(\.shard)), .uuids(rows.map(\.id))]))
    }

    /// Arms paused schedules that the transaction has locked, at what `next` makes of each (nil: finished), and resets
    /// their failure counts.
    func resume(
        _ rows: [ScheduleRow], missed: Int?, now: Timestamp, next: @Sendable (ScheduleRow) -> Timestamp?
    ) throws(PostgresError) {
        try shareFloors(of: Set(rows.map(\.shard)))
        let times = rows.map(next)
        try execute(
            StatementCall(
                .apiResume,
                [
                    .time(now), .smallint(missed), .smallints(rows.map(\.shard)), .uuids(rows.map(\.id)), .times(times),
                ]))
        try execute(StatementCall(.forgetFailures, [.uuids(rows.map(\.id))]))
        let armed = zip(rows, times).filter { $0.1 != nil }
        if armed.isEmpty { return }
        try execute(
            StatementCall(.apiLowerFloor, [.smallints(armed.map(\.0.shard)), .times(armed.map(\.1))]))
    }
}
