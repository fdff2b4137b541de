import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import Queue
import Scheduling
import Sending
import Store
import Telemetry

extension API {
    var scheduleRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/schedules", summary: "List schedules", role: .viewer,
                query: [.prefix, .scheduleState, .limit, .nameCursor], answer: "SchedulePage", handle: listSchedules),
            Route(
                method: .post, path: "/v1/schedules/import", summary: "Create or replace many", role: .author,
                body: .lines("ImportLine"), bodyLimit: 64 << 20, answer: "Imported", handle: importSchedules),
            Route(
                method: .post, path: "/v1/schedules/preview", summary: "When an unsaved schedule would run",
                role: .viewer, query: [.count, .time("after")], body: .json("ScheduleDocument"), answer: "Upcoming",
                changesNothing: true,
                handle: previewSchedule),
            Route(
                method: .put, path: "/v1/schedules/{name}", summary: "Create or replace a schedule", role: .author,
                body: .json("ScheduleDocument"), statuses: [200, 201], answer: "Schedule", isVersioned: true,
                handle: putSchedule),
            Route(
                method: .get, path: "/v1/schedules/{name}", summary: "Show a schedule", role: .viewer,
                answer: "Schedule", handle: getSchedule),
            Route(
                method: .delete, path: "/v1/schedules/{name}", summary: "Delete a schedule", role: .author,
                statuses: [204], isVersioned: true, handle: deleteSchedule),
            Route(
                method: .post, path: "/v1/schedules/{name}/pause", summary: "Pause a schedule", role: .operator,
                body: .json("Pause", isOptional: true), answer: "Schedule", handle: pauseSchedule),
            Route(
                method: .post, path: "/v1/schedules/{name}/resume", summary: "Resume a schedule", role: .operator,
                body: .json("Resume", isOptional: true), answer: "Schedule", handle: resumeSchedule),
            Route(
                method: .post, path: "/v1/schedules/{name}/fire", summary: "Run a schedule's action now",
                role: .operator, statuses: [202], answer: "Trigger", handle: fireSchedule),
            Route(
                method: .get, path: "/v1/schedules/{name}/upcoming", summary: "When a schedule runs next",
                role: .viewer, query: [.count, .time("after")], answer: "Upcoming", handle: upcoming),
        ]
    }

    /// Validates and compiles a document into what the store is to write, with its action record and warnings; nothing is
    /// stored yet. The shard is derived from a hash of the id.
    func write(
        _ document: JSON, name: ScheduleName, tenant: TenantID, now: Timestamp, ignoring: Set<String> = []
    ) throws(FieldErrors) -> (write: ScheduleWrite, record: ActionRecord, warnings: [FieldError]) {
        let identity = ScheduleIdentity(tenant: tenant, name: name)
        let spec = try ScheduleSpec(json: document, identity: identity, zones: zones, now: now, ignoring: ignoring)
        var random = SystemRandomNumberGenerator()
        let id = ScheduleID.v7(at: now, using: &random)
        let (timing, zones) = (spec.timing, zones)
        let write = ScheduleWrite(
            tenant: tenant, name: name, id: id, shard: MessageID(id).shard(of: shards),
            timing: timing.encode(), action: spec.record.encoded, paused: spec.paused,
            next: { timing.next(atOrAfter: $0, zones: zones) },
            justPassed: { now, replaced in
                // If the replaced timing cannot be read it is treated as absent; the loader reports such schedules.
                timing.justPassed(
                    registeredAt: now, replacing: replaced.flatMap { try? Timing(decoding: $0) }, zones: zones)
            })
        return (write, spec.record, timing.warnings(zones: zones, now: now))
    }

    private func putSchedule(_ call: Call) async throws -> Response {
        let name = try call.scheduleName()
        if name.isUnavailable {
            throw Problem.parameter("name", "is the name of a call; a schedule's name is \(ScheduleName.requirement)")
        }
        let now = try await status.now()
        let document = try await call.json()
        var mistakes: [FieldError] = []
        if let inside = document["name"], inside.text != name.description {
            mistakes.append(FieldError(pointer: "/name", detail: "is not the name in the path, \(name); leave it out"))
        }
        if let tenant = document["tenant"], tenant.text != call.caller.tenant.description {
            let detail = "is not the tenant that the call is for, \(call.caller.tenant); leave it out"
            mistakes.append(FieldError(pointer: "/tenant", detail: detail))
        }
        let expected = try call.expectedRevision()
        var shown: ScheduleRow?
        if ReadOnlyFields.areCompared(in: document) {
            shown = try await scheduleRegistry.schedule(name, tenant: call.caller.tenant)
        }
        var write: ScheduleWrite
        let (record, warnings): (ActionRecord, [FieldError])
        do throws(FieldErrors) {
            (write, record, warnings) = try self.write(
                document, name: name, tenant: call.caller.tenant, now: now,
                ignoring: ReadOnlyFields.schedule.union(["name"]))
        } catch {
            mistakes += shown.map { ReadOnlyFields.mistakes(in: document, of: $0) } ?? []
            throw Problem.invalid(mistakes + error.errors)
        }
        mistakes += shown.map { ReadOnlyFields.mistakes(in: document, of: $0, repeating: write) } ?? []
        // The write must fail if the schedule has changed since it was compared above.
        write.expecting = expected ?? (document["revision"] == nil ? nil : shown.map { .exactly($0.entityTag) })
        mistakes += try await secretMistakes(record, tenant: call.caller.tenant)
        if !mistakes.isEmpty { throw Problem.invalid(mistakes) }
        let result = try await scheduleRegistry.put([write], by: call.caller.actor, acrossTenants: false, now: now)[0]
        await cancelInQueue(result.cancelled, tenant: call.caller.tenant, reason: .superseded)
        return response(result.row, status: result.isCreated ? .created : .ok, warnings: warnings)
    }

    private func response(
        _ row: ScheduleRow, status: HTTPResponse.Status = .ok, warnings: [FieldError]? = nil
    ) -> Response {
        var members = document(row).members ?? []
        if let warnings { members.append(.init("warnings", .mistakes(warnings))) }
        var response = Response.json(.object(members), status: status)
        response.headers[.eTag] = "\"\(row.entityTag)\""
        return response
    }

    /// A schedule's stored timing and action, decoded. Throws a conflict if this version cannot read what another version
    /// wrote: the schedule can still be replaced or deleted, and other schedules are unaffected.
    func stored(_ row: ScheduleRow) throws(Problem) -> (timing: Timing, record: ActionRecord) {
        do throws(ByteReader.Failure) {
            return (try Timing(decoding: row.timing), try ActionRecord(decoding: row.action))
        } catch {
            throw Problem.conflict(API.unreadable(row, error))
        }
    }

    /// The message about a schedule that cannot be read.
    static func unreadable(_ row: ScheduleRow, _ error: ByteReader.Failure) -> String {
        "the stored schedule \(row.name) cannot be read (\(error)): it does not run; PUT it again, or delete it"
    }

    /// The JSON document of a schedule. If its stored record cannot be decoded, `error` replaces the decoded fields.
    private func document(_ row: ScheduleRow) -> JSON {
        let members: [JSON.Member] = [
            .init("name", .string("\(row.name)")), .init("tenant", .string("\(row.tenant)")),
            .init("id", .string("\(row.id)")),
        ]
        var content: [JSON.Member]
        do throws(ByteReader.Failure) {
            let record = try ActionRecord(decoding: row.action)
            let spec = ScheduleSpec(
                action: record.action, timing: try Timing(decoding: row.timing), retry: record.retry,
                pauseAfter: record.pauseAfter, onFailure: record.onFailure)
            content = spec.json(paused: row.state == .paused).members ?? []
        } catch {
            runtime.metrics.count(.apiUnreadable)
            content = [.init("error", .string(API.unreadable(row, error)))]
        }
        return .object(
            members + content + [
                .init("state", .string(row.state.name)), .init("nextAt", .optional(row.nextAt, JSON.time)),
                .init("revision", .integer(row.revision)), .init("shard", .integer(row.shard)),
                .init("pauseReason", .optional(row.pauseReason, JSON.string)), .init("createdAt", .time(row.createdAt)),
                .init("updatedAt", .time(row.updatedAt)),
            ])
    }

    func find(_ call: Call) async throws -> ScheduleRow {
        let name = try call.scheduleName()
        guard let row = try await scheduleRegistry.schedule(name, tenant: call.caller.tenant) else {
            throw Problem.notFound("the schedule \(name)")
        }
        return row
    }

    private func getSchedule(_ call: Call) async throws -> Response { response(try await find(call)) }

    private func listSchedules(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        var state: ScheduleState?
        if let text = call.text("state") {
            state = ScheduleState(name: text)
            if state == nil { throw Problem.parameter("state", "expected active, paused or finished") }
        }
        let rows = try await scheduleRegistry.schedules(
            tenant: call.caller.tenant, prefix: call.text("prefix") ?? "", state: state,
            after: call.text("cursor").map { ScheduleName(checked: $0) }, limit: limit + 1)
        return await .page(rows.prefix(limit), next: rows.count > limit ? .string("\(rows[limit - 1].name)") : .null) {
            document($0)
        }
    }

    private func deleteSchedule(_ call: Call) async throws -> Response {
        let name = try call.scheduleName()
        let now = try await status.now()
        let open = try await scheduleRegistry.delete(
            name, expecting: try call.expectedRevision(), by: call.caller.actor, now: now)
        guard let open else { throw Problem.notFound("the schedule \(name)") }
        await cancelInQueue(open, tenant: call.caller.tenant, reason: .deleted)
        return Response(status: .noContent)
    }

    func pauseReason(_ call: Call) async throws -> String {
        var fields = JSONFields(try await call.json(isOptional: true))
        let reason = Bodies.reason(&fields)
        fields.finish()
        if !fields.errors.isEmpty { throw Problem.invalid(fields.errors) }
        return reason ?? ""
    }

    func resumePolicy(_ call: Call) async throws -> Int? {
        var fields = JSONFields(try await call.json(isOptional: true))
        let missed = Bodies.missed(&fields)
        fields.finish()
        if !fields.errors.isEmpty { throw Problem.invalid(fields.errors) }
        return missed.map { Int($0.rawValue) }
    }

    /// Returns a closure for the time at which a paused schedule is armed again: that of its first unplanned occurrence,
    /// even if it lies in the pause, so that the loader runs missed occurrences or records them as not run. Nil: there is
    /// no occurrence left.
    func resumption(_ now: Timestamp) -> @Sendable (ScheduleRow) -> Timestamp? {
        let zones = zones
        return { row in
            // Armed for now, so that the loader finds and reports it.
            guard let timing = try? Timing(decoding: row.timing) else { return now }
            return timing.next(atOrAfter: min(now, row.resumeAt ?? now), zones: zones)
        }
    }

    private func pauseSchedule(_ call: Call) async throws -> Response {
        let reason = try await pauseReason(call)
        let row = try await find(call)
        if row.state == .finished { throw Problem.conflict("the schedule is finished and cannot be paused") }
        let open = try await scheduleRegistry.pause(
            row.name, reason: reason, by: call.caller.actor, now: try await status.now())
        await cancelInQueue(open ?? [], tenant: call.caller.tenant, reason: .paused)
        return response(try await find(call))
    }

    private func resumeSchedule(_ call: Call) async throws -> Response {
        let missed = try await resumePolicy(call)
        let name = try call.scheduleName()
        try await refuseIfPaused(call.caller.tenant)
        let now = try await status.now()
        let isThere = try await scheduleRegistry.resume(
            name, missed: missed, by: call.caller.actor, now: now, next: resumption(now))
        guard isThere else { throw Problem.notFound("the schedule \(name)") }
        return response(try await find(call))
    }

    private func fireSchedule(_ call: Call) async throws -> Response {
        let row = try await find(call)
        _ = try stored(row)
        try await refuseIfPaused(row.tenant)
        let ticket = try await queue.ticket()
        let now = try await call.now(status)
        let occurrence = now.flooredToMillisecond
        let key = TriggerKey(schedule: row.id, kind: .manual, revision: row.revision, occurrence: occurrence)
        let message = TriggerMessage(
            id: key.id(), key: key.idempotencyKey, kind: .manual, redrive: 0, occurrence: occurrence,
            plannedAt: occurrence,
            deadline: occurrence + .seconds(3_600), tenant: row.tenant, schedule: row.name, action: row.action)
        let hasRoom = await queueRoom.isLeft(for: row.tenant) { try await queue.pressure(byTenant: $0) }
        let write = TriggerWrite(
            message: message, schedule: row.id, shard: row.shard, revision: row.revision, hidden: nil, isStored: true,
            state: hasRoom ? .queued : .planned)
        // False: the trigger exists, so that it was sent or the monitor will send it; or its schedule is gone, and nothing
        // was stored. Without room in the queue a stored trigger stays planned until a loader finds room.
        if try await triggerRegistry.insert(write, by: call.caller.actor, now: now), hasRoom {
            await send(message, ticket: ticket, now: now)
        }
        return try await showTrigger(message.id, tenant: row.tenant, status: .accepted)
    }

    /// Sends a committed trigger; the monitor sends it a minute later if this fails.
    func send(_ message: TriggerMessage, ticket: QueueTicket, now: Timestamp) async {
        do {
            let delay = max(.zero, message.plannedAt - now)
            _ = try await queue.send([OutgoingMessage(message, delay: delay)], ticket: ticket, mode: .add)
        } catch {
            runtime.logger.warning("trigger \(message.id) could not be sent; the monitor will send it: \(error)")
        }
    }

    private func upcoming(_ call: Call) async throws -> Response {
        let row = try await find(call)
        let timing = try stored(row).timing
        let now = try await status.now()
        guard timing.maxTriggers != nil else { return try times(call, timing, after: now) }
        if let cursor = row.cursor {
            let remainder = timing.remainder(cursor: cursor, fired: row.fired, now: now, zones: zones)
            if let remainder { return try times(call, timing, after: now, remainder: remainder) }
        }
        // Finished, or about to be: planned triggers may still lie a few seconds ahead.
        let filter = TriggerFilter(
            tenant: row.tenant, schedule: row.name, state: nil, from: try call.time("after") ?? now,
            to: now + .seconds(60), after: nil, limit: 1_000)
        let planned = try await triggerRegistry.triggers(filter).filter {
            $0.kind == .scheduled && $0.revision == row.revision && ($0.state == .planned || $0.state == .queued)
        }
        let count = try self.count(call)
        return Response.json(["upcoming": .array(planned.map(\.occurrence).sorted().prefix(count).map(JSON.time))])
    }

    private func previewSchedule(_ call: Call) async throws -> Response {
        let document = try await call.json()
        var name = ScheduleName(checked: "preview")
        if let given = document["name"], given != .null {
            // The name of an API operation, such as `pause`, is accepted here although no new schedule can take it: one made
            // by an earlier version may have it. Reserved names are refused.
            guard let text = given.text.flatMap({ ScheduleName($0) }), !text.isReserved else {
                throw Problem.invalid([FieldError(pointer: "/name", detail: "expected \(ScheduleName.requirement)")])
            }
            name = text
        }
        let identity = ScheduleIdentity(tenant: call.caller.tenant, name: name)
        let now = try await status.now()
        let spec = try ScheduleSpec(
            json: document, identity: identity, zones: zones, now: now,
            ignoring: ReadOnlyFields.schedule.union(["name"]))
        if let passed = spec.timing.justPassed(registeredAt: now, zones: zones) {
            return Response.json(["upcoming": .array([.time(passed)]), "warnings": []])
        }
        return try times(
            call, spec.timing, after: now, remainder: spec.timing.maxTriggers.map { (now, $0) },
            warnings: spec.timing.warnings(zones: zones, now: now))
    }

    private func count(_ call: Call) throws -> Int { try call.int("count", in: 1...1_000, default: 10) }

    /// The next occurrences of a timing as an answer.
    ///
    /// - Parameters:
    ///   - now: the occurrences listed are those after this time, unless the request gives `after`.
    ///   - remainder: the first unplanned occurrence, and how many triggers may still be planned; nil: the timing has no
    ///     `maxTriggers`.
    private func times(
        _ call: Call, _ timing: Timing, after now: Timestamp, remainder: (next: Timestamp, triggers: Int)? = nil,
        warnings: [FieldError]? = nil
    ) throws -> Response {
        let count = try count(call)
        let after = try call.time("after") ?? now
        var times = timing.upcoming(after: after, count: count, zones: zones)
        if let (next, left) = remainder {
            guard let before = timing.count(from: next, through: after, limit: left, zones: zones) else {
                throw Problem.parameter(
                    "after", "is too far ahead: too many times lie before it to say when \"maxTriggers\" is reached")
            }
            let planned = times.prefix { $0 < next }.count
            // At most `times.count`: `maxTriggers` may be so large that the sum would overflow.
            times = Array(times.prefix(planned + min(times.count, max(0, left - before))))
        }
        var members = [JSON.Member("upcoming", .array(times.map(JSON.time)))]
        if let warnings { members.append(.init("warnings", .mistakes(warnings))) }
        return Response.json(.object(members))
    }
}
