import Model
import Store

/// Calls that tell of failures: `onFailure` of a schedule or of its tenant, at most one a minute each.
extension PostgresConnection {
    private static let pause = Duration.seconds(60)
    private static let usefulFor = Duration.seconds(3_600)

    /// Makes triggers of the failures among these that somebody wants to be told of. A failure of such a call is not told of.
    func notices(of ended: [EndedTrigger]) throws(PostgresError) -> [QueuedTrigger] {
        let failures = ended.filter { $0.isFailure && $0.kind != .onFailure }
        if failures.isEmpty { return [] }
        let now = try now().flooredToMillisecond
        // The last of each schedule; nothing is lost by not telling of the others, whose records stand.
        var last: [Identifier: EndedTrigger] = [:]
        for failure in failures where last[failure.schedule].map({ $0.occurrence <= failure.occurrence }) ?? true {
            last[failure.schedule] = failure
        }
        let own = Set(
            try query(StatementCall(.ownFailureCalls, [.uuids(last.keys.sorted())])) { row throws(PostgresError) in
                try row.required(0, row.uuid)
            })
        var notices: [QueuedTrigger] = []
        for (schedule, failure) in last.sorted(by: { $0.key < $1.key }) where own.contains(schedule) {
            if let call = try scheduleCall(schedule, now: now) {
                notices.append(try insertNotice(of: failure, call: call, now: now))
            }
        }
        return notices + (try tenantNotices(of: last.values.filter { !own.contains($0.schedule) }, now: now))
    }

    private func tenantNotices(of failures: [EndedTrigger], now: Timestamp) throws(PostgresError) -> [QueuedTrigger] {
        var last: [String: EndedTrigger] = [:]
        for failure in failures where last[failure.tenant].map({ $0.occurrence <= failure.occurrence }) ?? true {
            last[failure.tenant] = failure
        }
        var notices: [QueuedTrigger] = []
        for (tenant, failure) in last.sorted(by: { $0.key < $1.key }) {
            let claim = StatementCall(
                .claimTenantNotice, [.text(tenant), .time(now), .time(now - PostgresConnection.pause)])
            let settings = try query(claim) { row throws(PostgresError) in try row.required(0, row.bytes) }.first
            // Settings that cannot be read name no call.
            if let call = settings.flatMap({ try? TenantSettings(decoding: $0) })?.onFailure {
                notices.append(try insertNotice(of: failure, call: call, now: now))
            }
        }
        return notices
    }

    /// The call of a schedule's own, unless one was made within the last minute.
    private func scheduleCall(_ schedule: Identifier, now: Timestamp) throws(PostgresError) -> HTTPAction? {
        let claim = StatementCall(
            .claimScheduleNotice, [.uuid(schedule), .time(now), .time(now - PostgresConnection.pause)])
        let action = try query(claim) { row throws(PostgresError) in try row.required(0, row.bytes) }.first
        // A record that cannot be read names no call; the worker that gets it reports it.
        return action.flatMap { try? ActionRecord(decoding: $0) }?.onFailure
    }

    /// A trigger with an action of its own, which a hidden schedule keeps, as a one-off trigger's does.
    private func insertNotice(
        of failure: EndedTrigger, call: HTTPAction, now: Timestamp
    ) throws(PostgresError) -> QueuedTrigger {
        var random = SystemRandomNumberGenerator()
        let hidden = Identifier.v7(at: now, using: &random)
        let key = TriggerKey(schedule: hidden, kind: .onFailure, revision: 1, occurrence: now)
        let name = "on-failure:\(key.id())"
        let action = ActionRecord(action: .http(failure.notice(by: call)), retry: RetryPolicy()).encoded
        let row = ScheduleRow(
            id: hidden, tenant: failure.tenant, name: name, shard: failure.shard, revision: 1, state: .finished,
            nextAt: nil, resumeAt: nil, timing: [], action: action, pauseReason: nil, createdAt: now, updatedAt: now,
            fired: 0)
        try execute(
            StatementCall(
                .apiPutName, [.texts([row.tenant]), .texts([name]), .uuids([hidden]), .smallints([row.shard])]))
        try insert([row], kind: 1, now: now)
        let message = TriggerMessage(
            id: key.id(), key: key.idempotencyKey, kind: .onFailure, redrive: 0, occurrence: now, plannedAt: now,
            deadline: now + PostgresConnection.usefulFor, tenant: failure.tenant, schedule: failure.name,
            action: action)
        try execute(.insertTrigger(message, state: .queued, shard: row.shard, revision: 1, schedule: hidden))
        return QueuedTrigger(message: message, attempts: 0)
    }
}

extension EndedTrigger {
    /// The call with what it tells: its own body, or a document of the failure.
    fileprivate func notice(by call: HTTPAction) -> HTTPAction {
        var call = call
        if call.body != nil || ["GET", "HEAD"].contains(call.method) { return call }
        let document: JSON = [
            "type": "headgate.trigger.failed", "tenant": .string(tenant), "schedule": .string(name),
            "trigger": .string("\(id)"), "occurrence": .time(occurrence), "state": .string(state.name),
            "reason": .optional(reason, JSON.string), "attempts": .integer(attempts), "count": .integer(count),
            "lastOccurrence": .optional(lastOccurrence, JSON.time),
        ]
        call.body = document.serialized
        return call
    }
}

extension StatementCall {
    static func insertTrigger(
        _ message: TriggerMessage, state: TriggerState, shard: Int, revision: Int, schedule: Identifier
    ) -> StatementCall {
        StatementCall(
            .apiInsertTrigger,
            [
                .uuid(message.id), .time(message.id.v7Time), .smallint(shard), .smallint(message.kind.rawValue),
                .smallint(state.rawValue), .int(revision), .uuid(schedule), .time(message.occurrence),
                .time(message.plannedAt), .time(message.deadline), .text(message.tenant), .text(message.schedule),
            ])
    }
}
