import HTTPTypes
import Hummingbird
import Model
import Queue
import Scheduling
import Sending
import Store

extension API {
    var triggerRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/triggers", summary: "List triggers, newest first", role: .viewer,
                query: [.schedule, .triggerState, .time("from"), .time("to"), .limit, .triggerCursor],
                answer: "TriggerPage",
                handle: listTriggers),
            Route(
                method: .post, path: "/v1/triggers", summary: "Make a one-off trigger", role: .author,
                body: .json("TriggerDocument"), statuses: [202], answer: "Trigger", handle: createTrigger),
            Route(
                method: .get, path: "/v1/triggers/{id}", summary: "Show a trigger", role: .viewer, answer: "Trigger",
                handle: getTrigger),
            Route(
                method: .post, path: "/v1/triggers/{id}/cancel", summary: "Cancel a trigger", role: .operator,
                answer: "Trigger", handle: cancelTrigger),
            Route(
                method: .post, path: "/v1/triggers/{id}/redrive", summary: "Send a dead trigger again", role: .operator,
                statuses: [202], answer: "Trigger", handle: redriveTrigger),
        ]
    }

    private func getTrigger(_ call: Call) async throws -> Response {
        try await showTrigger(try call.id("a trigger"), tenant: call.caller.tenant)
    }

    func showTrigger(_ id: TriggerID, tenant: TenantID, status: HTTPResponse.Status = .ok) async throws -> Response {
        if let row = try await triggerRegistry.trigger(id, tenant: tenant) {
            return Response.json(document(row), status: status)
        }
        // A one-off too far ahead for the partitions is represented by its hidden schedule.
        guard let hidden = try await scheduleRegistry.schedule(API.hiddenName(id), tenant: tenant),
            let occurrence = hidden.nextAt
        else { throw Problem.notFound("the trigger \(id)") }
        let deadline = try stored(hidden).timing.deadline(ofOneTime: occurrence)
        let row = TriggerRow(
            id: id, schedule: hidden.id, tenant: tenant, name: hidden.name, kind: .oneOff, state: .planned, revision: 1,
            redrive: 0,
            occurrence: occurrence, plannedAt: occurrence, deadline: deadline, attempts: 0, latenessMilliseconds: nil,
            isCancelRequested: false, count: 1, lastOccurrence: nil, reason: nil, log: [])
        return Response.json(document(row), status: status)
    }

    private static func hiddenName(_ id: TriggerID) -> ScheduleName {
        ScheduleName(checked: "one-off:\(id)")
    }

    private func document(_ row: TriggerRow) -> JSON {
        let attempts = TriggerOutcome.parse(row.log).outcomes.map { outcome -> JSON in
            [
                "number": .integer(outcome.attempt), "startedAt": .optional(outcome.startedAt, JSON.time),
                "durationMs": .optional(outcome.durationMilliseconds) { .integer($0) },
                "status": .optional(outcome.status) { .integer($0) },
                "error": outcome.state == .delivered ? .null : .optional(outcome.reason, JSON.string),
                "response": outcome.body.isEmpty ? .null : .string(String(decoding: outcome.body, as: UTF8.self)),
                "redrive": .integer(outcome.redrive),
            ]
        }
        return [
            "id": .string("\(row.id)"),
            "idempotencyKey": .string(
                "\(TriggerKey(schedule: row.schedule, kind: row.kind, revision: row.revision, occurrence: row.occurrence).idempotencyKey)"
            ), "schedule": row.kind == .oneOff ? .null : .string("\(row.name)"),
            "tenant": .string("\(row.tenant)"), "kind": .string("\(row.kind)"), "occurrence": .time(row.occurrence),
            "plannedAt": .time(row.plannedAt), "deadline": .time(row.deadline), "state": .string(row.state.name),
            "reason": .optional(row.reason, JSON.string), "attempts": .array(attempts),
            "latenessMs": .optional(row.latenessMilliseconds) { .integer($0) }, "revision": .integer(row.revision),
            "redrive": .integer(row.redrive), "cancelRequested": .bool(row.isCancelRequested),
            "count": .integer(row.count), "lastOccurrence": .optional(row.lastOccurrence, JSON.time),
        ]
    }

    private func listTriggers(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        var state: TriggerState?
        if let text = call.text("state") {
            state = TriggerState(name: text)
            if state == nil {
                throw Problem.parameter(
                    "state", "expected one of \(TriggerState.allCases.map(\.name).joined(separator: ", "))")
            }
        }
        var after: TriggerFilter.Place?
        if let text = call.text("cursor") {
            after = place(text)
            if after == nil { throw Problem.parameter("cursor", "expected the value of next in an earlier answer") }
        }
        let now = try await status.now()
        let filter = TriggerFilter(
            tenant: call.caller.tenant, schedule: call.text("schedule").map { ScheduleName(checked: $0) }, state: state,
            from: try call.time("from") ?? now - .seconds(86_400),
            to: try call.time("to") ?? now + .seconds(8 * 86_400),
            after: after, limit: limit + 1)
        guard filter.schedule != nil else { return try await listAllTriggers(filter, limit: limit) }
        let rows = try await triggerRegistry.triggers(filter)
        return await .page(rows.prefix(limit), next: rows.count > limit ? .string(cursor(rows[limit - 1])) : .null) {
            document($0)
        }
    }

    /// Lists triggers of all schedules. No index is by tenant, so they are read in short ranges of time for about a
    /// second; if that is not enough, `next` continues from there, even if the page is short or empty.
    private func listAllTriggers(_ filter: TriggerFilter, limit: Int) async throws -> Response {
        let days = try await tenantErasure.triggerDays()
        // Outside the days that are kept there is nothing to read.
        let first = max(filter.from, days.min() ?? filter.to)
        let last = min(filter.to, (days.max() ?? filter.from) + .seconds(86_400))
        let end = filter.after.map { min(last, $0.id.v7Time + .milliseconds(1)) } ?? last
        var windows = ScanWindows(from: Timestamp(milliseconds: first.seconds / 86_400 * 86_400_000), before: end)
        var filter = filter
        var rows: [TriggerRow] = []
        while let window = windows.window, rows.count <= limit {
            filter.window = .init(from: window.from, to: window.before)
            filter.limit = limit + 1 - rows.count
            let start = ContinuousClock.now
            rows += try await triggerRegistry.triggers(filter)
            windows.advance(readTook: ContinuousClock.now - start)
            let place = TriggerFilter.Window(from: window.from, to: window.before).first
            filter.after = .init(occurrence: window.from, id: place)
        }
        var next: JSON = .null
        if rows.count > limit {
            next = .string(cursor(rows[limit - 1]))
        } else if !windows.isDone, let after = filter.after {
            next = .string("\(after.occurrence.microseconds)~\(after.id)")
        }
        return await .page(rows.prefix(limit), next: next) { document($0) }
    }

    /// A position in a list: the occurrence in microseconds, and the id.
    private func cursor(_ row: TriggerRow) -> String { "\(row.occurrence.microseconds)~\(row.id)" }

    private func place(_ cursor: String) -> TriggerFilter.Place? {
        let parts = cursor.split(separator: "~")
        guard parts.count == 2, let time = Int64(parts[0]), let id = TriggerID(String(parts[1])) else { return nil }
        let occurrence = Timestamp(microseconds: time)
        return occurrence.isWritable ? .init(occurrence: occurrence, id: id) : nil
    }

    private func createTrigger(_ call: Call) async throws -> Response {
        let body = try await call.json()
        var fields = JSONFields(body)
        let at = Bodies.triggerTime(&fields)
        for name in ["action", "margin", "retry"] { _ = fields.raw(name) }
        fields.finish()
        let ticket = try await queue.ticket()
        let now = try await call.now(status)
        let occurrence = (at.map { max($0, now) } ?? now).flooredToMillisecond
        // A one-off is a schedule with a single time: the same rules check it.
        var members = (body.members ?? []).filter { ["action", "margin", "retry"].contains($0.name) }
        members.append(.init("when", [["at": .time(occurrence + (occurrence <= now ? .seconds(1) : .zero))]]))
        var random = CallRandom(call.firstTry)
        let scheduleID = ScheduleID.v7(at: now, using: &random)
        let key = TriggerKey(schedule: scheduleID, kind: .oneOff, revision: 1, occurrence: occurrence)
        let name = API.hiddenName(key.id())
        let identity = ScheduleIdentity(tenant: call.caller.tenant, name: name)
        let spec: ScheduleSpec
        do throws(FieldErrors) {
            spec = try ScheduleSpec(json: .object(members), identity: identity, zones: zones, now: now)
        } catch {
            throw Problem.invalid(fields.errors + error.errors)
        }
        if !fields.errors.isEmpty { throw Problem.invalid(fields.errors) }
        let mistakes = try await secretMistakes(spec.record, tenant: call.caller.tenant)
        if !mistakes.isEmpty { throw Problem.invalid(mistakes) }
        try await refuseIfPaused(call.caller.tenant)
        let action = spec.record.encoded
        let shard = MessageID(scheduleID).shard(of: shards)
        let isStored = occurrence < now + .seconds(2 * 86_400)
        var isNow = occurrence <= now + .seconds(2)
        if isNow { isNow = await queueRoom.isLeft(for: call.caller.tenant) { try await queue.pressure(byTenant: $0) } }
        let hidden = ScheduleWrite(
            tenant: call.caller.tenant, name: name, id: scheduleID, shard: shard, timing: spec.timing.encode(),
            action: action, paused: nil,
            next: { _ in occurrence })
        let message = TriggerMessage(
            id: key.id(), key: key.idempotencyKey, kind: .oneOff, redrive: 0, occurrence: occurrence,
            plannedAt: occurrence,
            deadline: spec.timing.deadline(ofOneTime: occurrence), tenant: call.caller.tenant, schedule: name,
            action: action)
        let write = TriggerWrite(
            message: message, schedule: scheduleID, shard: shard, revision: 1, hidden: hidden, isStored: isStored,
            state: isNow ? .queued : .planned)
        let isNew = try await triggerRegistry.insert(write, by: call.caller.actor, now: now)
        if isNew && isStored && isNow { await send(message, ticket: ticket, now: now) }
        return try await showTrigger(message.id, tenant: call.caller.tenant, status: .accepted)
    }

    /// Requeues from the trigger's record: the queue keeps nothing that could be sent again. The monitor sends what
    /// cannot be sent here.
    private func redriveTrigger(_ call: Call) async throws -> Response {
        let id: TriggerID = try call.id("a trigger")
        let ticket = try await queue.ticket()
        let now = try await status.now()
        let again = try await deadTriggerRegistry.redrive(
            [id], deadline: now + .seconds(3_600), checkAt: now + .seconds(10), by: call.caller.actor, now: now)
        if again.isEmpty, let row = try await triggerRegistry.trigger(id, tenant: call.caller.tenant) {
            throw Problem.conflict(
                row.state == .dead
                    ? "nobody knows the trigger's action any more: it died before actions were kept"
                    : "the trigger is \(row.state.name); only one that is dead is sent again")
        }
        // Read before sending: the answer shows what the redrive did, not what a quick worker has done since.
        let shown = try await showTrigger(id, tenant: call.caller.tenant, status: .accepted)
        await sendAgain(again.map { OutgoingMessage($0.message, delay: .zero) }, ticket: ticket)
        return shown
    }

    private func cancelTrigger(_ call: Call) async throws -> Response {
        let id: TriggerID = try call.id("a trigger")
        let now = try await status.now()
        guard let row = try await triggerRegistry.requestCancel(id, by: call.caller.actor, now: now) else {
            // A one-off too far ahead is cancelled with its hidden schedule.
            guard
                try await scheduleRegistry.delete(API.hiddenName(id), expecting: nil, by: call.caller.actor, now: now)
                    != nil
            else {
                throw Problem.notFound("the trigger \(id)")
            }
            return Response.json(["id": .string("\(id)"), "state": "cancelled"])
        }
        if row.state == .queued { await cancelInQueue([id], tenant: call.caller.tenant, reason: .cancelled) }
        if row.state.isFinal && row.state != .cancelled {
            throw Problem.conflict("the trigger is \(row.state.name) already")
        }
        return try await showTrigger(id, tenant: call.caller.tenant)
    }
}
