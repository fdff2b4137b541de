import Model
import Store

/// Failure notifications ("notices"): `onFailure` calls of a schedule or of its tenant, at most one a minute for each.
extension PostgresTransaction {
    /// The shortest time between two notifications of one schedule or tenant.
    private static let pause = Duration.seconds(60)
    /// A notification's deadline, counted from its creation.
    private static let usefulFor = Duration.seconds(3_600)

    /// Creates `onFailure` triggers for the failures among these whose schedule or tenant has one configured, and
    /// returns them for sending.
    ///
    /// Reports the latest failure of each schedule, or of each tenant for schedules without an `onFailure` of their
    /// own. Failures of such calls are not reported. Runs within the caller's transaction.
    func failureCalls(of ended: [RecordedTrigger]) throws(PostgresError) -> [QueuedTrigger] {
        let failures = ended.filter { $0.isFailure && $0.kind != .onFailure }
        if failures.isEmpty { return [] }
        let now = try now().flooredToMillisecond
        // Report only the latest failure of each schedule; the others remain on record.
        var last: [ScheduleID: RecordedTrigger] = [:]
        for failure in failures where last[failure.schedule].map({ $0.occurrence <= failure.occurrence }) ?? true {
            last[failure.schedule] = failure
        }
        let own = Set(try values(StatementCall(.ownFailureCalls, [.uuids(last.keys.sorted())]), .scheduleID))
        var notices: [QueuedTrigger] = []
        for (schedule, failure) in last.sorted(by: { $0.key < $1.key }) where own.contains(schedule) {
            if let call = try scheduleCall(schedule, now: now) {
                notices.append(try insertFailureCall(of: failure, call: call, now: now))
            }
        }
        return notices + (try tenantFailureCalls(of: last.values.filter { !own.contains($0.schedule) }, now: now))
    }

    private func tenantFailureCalls(of failures: [RecordedTrigger], now: Timestamp) throws(PostgresError)
        -> [QueuedTrigger]
    {
        var last: [TenantID: RecordedTrigger] = [:]
        for failure in failures where last[failure.tenant].map({ $0.occurrence <= failure.occurrence }) ?? true {
            last[failure.tenant] = failure
        }
        var notices: [QueuedTrigger] = []
        for (tenant, failure) in last.sorted(by: { $0.key < $1.key }) {
            let claim = StatementCall(
                .claimTenantNotice, [.tenant(tenant), .time(now), .time(now - PostgresTransaction.pause)])
            let settings = try value(claim, .bytes)
            // Unreadable settings count as having no `onFailure`.
            if let call = settings.flatMap({ try? TenantSettings(decoding: $0) })?.onFailure {
                notices.append(try insertFailureCall(of: failure, call: call, now: now))
            }
        }
        return notices
    }

    /// The schedule's own `onFailure`, unless it was called within the last minute.
    private func scheduleCall(_ schedule: ScheduleID, now: Timestamp) throws(PostgresError) -> HTTPAction? {
        let claim = StatementCall(
            .claimScheduleNotice, [.uuid(schedule), .time(now), .time(now - PostgresTransaction.pause)])
        let action = try value(claim, .bytes)
        // An unreadable record counts as having no `onFailure`; the worker that receives it reports it.
        return action.flatMap { try? ActionRecord(decoding: $0) }?.onFailure
    }

    /// Inserts the notification as a queued trigger. A hidden schedule keeps its action, as with one-off triggers.
    private func insertFailureCall(
        of failure: RecordedTrigger, call: HTTPAction, now: Timestamp
    ) throws(PostgresError) -> QueuedTrigger {
        var random = SystemRandomNumberGenerator()
        let hidden = ScheduleID.v7(at: now, using: &random)
        let key = TriggerKey(schedule: hidden, kind: .onFailure, revision: 1, occurrence: now)
        let name = ScheduleName(checked: "on-failure:\(key.id())")
        let action = ActionRecord(action: .http(failure.notice(by: call)), retry: RetryPolicy()).encoded
        let row = ScheduleRow(
            id: hidden, tenant: failure.tenant, name: name, shard: failure.shard, revision: 1, state: .finished,
            nextAt: nil, resumeAt: nil, timing: [], action: action, pauseReason: nil, createdAt: now, updatedAt: now,
            fired: 0)
        try execute(
            StatementCall(
                .apiPutName, [.tenants([row.tenant]), .names([name]), .uuids([hidden]), .smallints([row.shard])]))
        try insert([row], kind: .hidden, now: now)
        let message = TriggerMessage(
            id: key.id(), key: key.idempotencyKey, kind: .onFailure, redrive: 0, occurrence: now, plannedAt: now,
            deadline: now + PostgresTransaction.usefulFor, tenant: failure.tenant, schedule: failure.name,
            action: action)
        try execute(.insertTrigger(message, state: .queued, shard: row.shard, revision: 1, schedule: hidden))
        return QueuedTrigger(message: message, attempts: 0)
    }
}

extension RecordedTrigger {
    /// The call to make. Unless it has a body or is a GET or HEAD, it gets a JSON document about the failure.
    fileprivate func notice(by call: HTTPAction) -> HTTPAction {
        var call = call
        if call.body != nil || ["GET", "HEAD"].contains(call.method) { return call }
        let document: JSON = [
            "type": "headgate.trigger.failed", "tenant": .string("\(tenant)"), "schedule": .string("\(name)"),
            "trigger": .string("\(id)"), "occurrence": .time(occurrence), "state": .string(state.name),
            "reason": .optional(reason, JSON.string), "attempts": .integer(attempts), "count": .integer(count),
            "lastOccurrence": .optional(lastOccurrence, JSON.time),
        ]
        call.body = document.serialized
        return call
    }
}

extension StatementCall {
    /// Inserts one trigger; an id that exists is left unchanged, and the row count is 0.
    static func insertTrigger(
        _ message: TriggerMessage, state: TriggerState, shard: Int, revision: Int, schedule: ScheduleID
    ) -> StatementCall {
        StatementCall(
            .apiInsertTrigger,
            [
                .uuid(message.id), .time(message.id.v7Time), .smallint(shard), .smallint(message.kind.rawValue),
                .smallint(state.rawValue), .int(revision), .uuid(schedule), .time(message.occurrence),
                .time(message.plannedAt), .time(message.deadline), .tenant(message.tenant), .name(message.schedule),
            ])
    }
}
