import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import Queue
import Scheduling
import Store

extension API {
    var scheduleRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/schedules", summary: "List schedules", role: .viewer,
                query: ["prefix", "state", "limit", "cursor"], handle: listSchedules),
            Route(
                method: .post, path: "/v1/schedules/import", summary: "Create or replace many", role: .author,
                hasBody: true, bodyLimit: 64 << 20, handle: importSchedules),
            Route(
                method: .post, path: "/v1/schedules/preview", summary: "When an unsaved schedule would run",
                role: .viewer, query: ["count", "after"], hasBody: true, handle: previewSchedule),
            Route(
                method: .put, path: "/v1/schedules/{name}", summary: "Create or replace a schedule", role: .author,
                hasBody: true, statuses: [200, 201], handle: putSchedule),
            Route(
                method: .get, path: "/v1/schedules/{name}", summary: "Show a schedule", role: .viewer,
                handle: getSchedule),
            Route(
                method: .delete, path: "/v1/schedules/{name}", summary: "Delete a schedule", role: .author,
                statuses: [204], handle: deleteSchedule),
            Route(
                method: .post, path: "/v1/schedules/{name}/pause", summary: "Pause a schedule", role: .operator,
                hasBody: true, handle: pauseSchedule),
            Route(
                method: .post, path: "/v1/schedules/{name}/resume", summary: "Resume a schedule", role: .operator,
                hasBody: true, handle: resumeSchedule),
            Route(
                method: .post, path: "/v1/schedules/{name}/fire", summary: "Run a schedule's action now",
                role: .operator, statuses: [202], handle: fireSchedule),
            Route(
                method: .get, path: "/v1/schedules/{name}/upcoming", summary: "When a schedule runs next",
                role: .viewer, query: ["count", "after"], handle: upcoming),
        ]
    }

    /// Compiles a document for the store. The shard is the id's hash.
    private func write(_ document: JSON, name: ScheduleName, tenant: String, now: Timestamp, ignoring: Set<String> = [])
        throws(FieldErrors) -> ScheduleWrite
    {
        let identity = ScheduleIdentity(tenant: TenantID(checked: tenant), name: name)
        let spec = try ScheduleSpec(json: document, identity: identity, zones: zones, now: now, ignoring: ignoring)
        var random = SystemRandomNumberGenerator()
        let id = Identifier.v7(at: now, using: &random)
        let (timing, zones) = (spec.timing, zones)
        return ScheduleWrite(
            tenant: tenant, name: name.description, id: id, shard: MessageID(id).shard(of: shards),
            timing: timing.encode(),
            action: ActionRecord(action: spec.action, retry: spec.retry, pauseAfter: spec.pauseAfter).encoded,
            paused: spec.paused,
            next: { timing.next(atOrAfter: $0, zones: zones) })
    }

    private func putSchedule(_ call: Call) async throws -> Response {
        let name = try call.scheduleName()
        let now = try await registry.now()
        let document = try await call.json()
        if let inside = document["name"], inside.text != name.description {
            throw Problem.invalid([
                FieldError(pointer: "/name", detail: "is not the name in the path, \(name); leave it out")
            ])
        }
        var write = try write(
            document, name: name, tenant: call.caller.tenant, now: now, ignoring: ["name"])
        write.expecting = try call.expectedRevision()
        let result = try await registry.put([write], by: call.caller.actor, acrossTenants: false, now: now)[0]
        await cancelInQueue(result.cancelled, tenant: call.caller.tenant, reason: "superseded")
        return try response(result.row, status: result.isCreated ? .created : .ok)
    }

    private func response(_ row: ScheduleRow, status: HTTPResponse.Status = .ok) throws -> Response {
        var response = Response.json(try document(row), status: status)
        response.headers[.eTag] = "\"\(row.revision)\""
        return response
    }

    private func document(_ row: ScheduleRow) throws -> JSON {
        let record = try ActionRecord(decoding: row.action)
        let spec = ScheduleSpec(
            action: record.action, timing: try Timing(decoding: row.timing), retry: record.retry,
            pauseAfter: record.pauseAfter)
        let members: [JSON.Member] = [
            .init("name", .string(row.name)), .init("tenant", .string(row.tenant)), .init("id", .string("\(row.id)")),
        ]
        return .object(
            members + (spec.json(paused: row.state == .paused).members ?? []) + [
                .init("state", .string(row.state.name)), .init("nextAt", .optional(row.nextAt, JSON.time)),
                .init("revision", .integer(row.revision)), .init("shard", .integer(row.shard)),
                .init("pauseReason", .optional(row.pauseReason, JSON.string)), .init("createdAt", .time(row.createdAt)),
                .init("updatedAt", .time(row.updatedAt)),
            ])
    }

    func find(_ call: Call) async throws -> ScheduleRow {
        let name = try call.scheduleName()
        guard let row = try await registry.schedule(name.description, tenant: call.caller.tenant) else {
            throw Problem.notFound("the schedule \(name)")
        }
        return row
    }

    private func getSchedule(_ call: Call) async throws -> Response { try response(try await find(call)) }

    private func listSchedules(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        var state: ScheduleState?
        if let text = call.text("state") {
            state = ScheduleState(name: text)
            if state == nil { throw Problem.parameter("state", "expected active, paused or finished") }
        }
        let rows = try await registry.schedules(
            tenant: call.caller.tenant, prefix: call.text("prefix") ?? "", state: state,
            after: call.text("cursor") ?? "", limit: limit + 1)
        let items = try rows.prefix(limit).map { try document($0) }
        return Response.json([
            "items": .array(items), "next": rows.count > limit ? .string(rows[limit - 1].name) : .null,
        ])
    }

    private func deleteSchedule(_ call: Call) async throws -> Response {
        let name = try call.scheduleName()
        let now = try await registry.now()
        let open = try await registry.delete(
            name.description, expecting: try call.expectedRevision(), by: call.caller.actor, now: now)
        guard let open else { throw Problem.notFound("the schedule \(name)") }
        await cancelInQueue(open, tenant: call.caller.tenant, reason: "deleted")
        return Response(status: .noContent)
    }

    func pauseReason(_ call: Call) async throws -> String {
        var fields = JSONFields(try await call.json(isOptional: true))
        let reason = fields.optional("reason", "a string of at most 500 bytes") { value -> String? in
            guard let text = value.text, text.utf8.count <= 500 else { return nil }
            return text
        }
        fields.finish()
        if !fields.errors.isEmpty { throw Problem.invalid(fields.errors) }
        return reason ?? ""
    }

    func resumePolicy(_ call: Call) async throws -> Int? {
        var fields = JSONFields(try await call.json(isOptional: true))
        let missed = fields.optional("missed", "\"skip\", \"last\" or \"all\"") { value in
            MissedPolicy.allCases.first { "\($0)" == value.text }
        }
        fields.finish()
        if !fields.errors.isEmpty { throw Problem.invalid(fields.errors) }
        return missed.map { Int($0.rawValue) }
    }

    /// Where a paused schedule goes on: what was missed since it was paused is planned, and recorded where it does not run.
    func resumption(_ now: Timestamp) -> @Sendable (ScheduleRow) -> Timestamp? {
        let zones = zones
        return { row in
            // A timing that cannot be read is the loader's to report.
            guard let timing = try? Timing(decoding: row.timing) else { return now }
            return timing.next(atOrAfter: min(now, row.resumeAt ?? now), zones: zones)
        }
    }

    private func pauseSchedule(_ call: Call) async throws -> Response {
        let reason = try await pauseReason(call)
        let row = try await find(call)
        if row.state == .finished { throw Problem.conflict("the schedule is finished and cannot be paused") }
        let open = try await registry.pause(
            row.name, reason: reason, by: call.caller.actor, now: try await registry.now())
        await cancelInQueue(open ?? [], tenant: call.caller.tenant, reason: "paused")
        return try response(try await find(call))
    }

    private func resumeSchedule(_ call: Call) async throws -> Response {
        let missed = try await resumePolicy(call)
        let name = try call.scheduleName()
        let now = try await registry.now()
        let isThere = try await registry.resume(
            name.description, missed: missed, by: call.caller.actor, now: now, next: resumption(now))
        guard isThere else { throw Problem.notFound("the schedule \(name)") }
        return try response(try await find(call))
    }

    private func fireSchedule(_ call: Call) async throws -> Response {
        let row = try await find(call)
        let ticket = try await queue.ticket()
        let now = try await call.now(registry)
        let occurrence = now.flooredToMillisecond
        let key = TriggerKey(schedule: row.id, kind: .manual, revision: row.revision, occurrence: occurrence)
        let message = TriggerMessage(
            id: key.id(), kind: .manual, redrive: 0, occurrence: occurrence, plannedAt: occurrence,
            deadline: occurrence + .seconds(3_600), tenant: row.tenant, schedule: row.name, action: row.action)
        let write = TriggerWrite(
            message: message, schedule: row.id, shard: row.shard, revision: row.revision, hidden: nil, isStored: true,
            state: .queued)
        _ = try await registry.insert(write, by: call.caller.actor, now: now)
        await send(message, ticket: ticket, now: now)
        return try await showTrigger(message.id, tenant: row.tenant, status: .accepted)
    }

    /// Sends a committed trigger; what fails here the monitor sends after a minute.
    func send(_ message: TriggerMessage, ticket: QueueTicket, now: Timestamp) async {
        do {
            _ = try await queue.send(
                [
                    OutgoingMessage(
                        id: MessageID(message.id), tenant: message.tenant, delay: max(.zero, message.plannedAt - now),
                        body: message.encoded)
                ],
                ticket: ticket, mode: .add)
        } catch {
            runtime.logger.warning("a trigger is left to the monitor: \(error)")
        }
    }

    private func upcoming(_ call: Call) async throws -> Response {
        let row = try await find(call)
        return try await times(call, Timing(decoding: row.timing))
    }

    private func previewSchedule(_ call: Call) async throws -> Response {
        let document = try await call.json()
        let name = document["name"]?.text.flatMap { ScheduleName($0) } ?? ScheduleName(checked: "preview")
        let identity = ScheduleIdentity(tenant: TenantID(checked: call.caller.tenant), name: name)
        let spec = try ScheduleSpec(
            json: document, identity: identity, zones: zones, now: try await registry.now(), ignoring: ["name"])
        return try await times(call, spec.timing)
    }

    private func times(_ call: Call, _ timing: Timing) async throws -> Response {
        let count = try call.int("count", in: 1...1_000, default: 10)
        var after = try call.time("after")
        if after == nil { after = try await registry.now() }
        return Response.json([
            "upcoming": .array(timing.upcoming(after: after!, count: count, zones: zones).map(JSON.time))
        ])
    }

    /// Good lines are stored, a thousand a transaction; bad ones are listed. While one batch is written the next is read.
    private func importSchedules(_ call: Call) async throws -> Response {
        let body = try await call.bytes(limit: 64 << 20)
        let now = try await registry.now()
        var refused: [(line: Int, errors: [FieldError])] = []
        var batch: [ScheduleWrite] = []
        var names: Set<String> = []
        var writing: Task<ImportCounts, any Error>?
        var counts = ImportCounts()
        for (index, line) in body.split(separator: 10, omittingEmptySubsequences: false).enumerated()
        where line.contains(where: { (byte: UInt8) in byte > 32 }) {
            do throws(FieldErrors) {
                let write = try importLine(line, call.caller, now: now)
                guard names.insert("\(write.tenant)/\(write.name)").inserted else {
                    throw FieldErrors([FieldError(pointer: "/name", detail: "the name stands in an earlier line too")])
                }
                batch.append(write)
            } catch {
                refused.append((index + 1, error.errors))
            }
            if batch.count == API.importBatch {
                if let writing { counts += try await writing.value }
                let full = batch
                writing = Task { try await store(full, by: call.caller, now: now) }
                batch = []
            }
        }
        if let writing { counts += try await writing.value }
        if !batch.isEmpty { counts += try await store(batch, by: call.caller, now: now) }
        let list = refused.map { line, errors -> JSON in
            [
                "line": .integer(line),
                "errors": .array(errors.map { ["pointer": .string($0.pointer), "detail": .string($0.detail)] }),
            ]
        }
        return Response.json([
            "created": .integer(counts.created), "updated": .integer(counts.updated), "refused": .array(list),
        ])
    }

    private static let importBatch = 1_000

    private func store(_ batch: [ScheduleWrite], by caller: Caller, now: Timestamp) async throws -> ImportCounts {
        let isMixed = batch.contains { $0.tenant != caller.tenant }
        let results = try await registry.put(batch, by: caller.actor, acrossTenants: isMixed, now: now)
        for (tenant, results) in Dictionary(grouping: results.filter { !$0.cancelled.isEmpty }, by: \.row.tenant) {
            await cancelInQueue(results.flatMap(\.cancelled), tenant: tenant, reason: "superseded")
        }
        let created = results.filter(\.isCreated).count
        return ImportCounts(created: created, updated: results.count - created)
    }

    private func importLine(_ line: ArraySlice<UInt8>, _ caller: Caller, now: Timestamp) throws(FieldErrors)
        -> ScheduleWrite
    {
        let document: JSON
        do throws(JSON.SyntaxError) {
            document = try JSON(parsing: line)
        } catch {
            throw FieldErrors([FieldError(pointer: "", detail: "not JSON: column \(error.column): \(error.detail)")])
        }
        var fields = JSONFields(document)
        let name = fields.required("name", NameRule.schedule.sentence) { $0.text.flatMap { ScheduleName($0) } }
        let tenant = fields.optional("tenant", NameRule.tenant.sentence) { $0.text.flatMap { TenantID($0) } }
        if let tenant, !caller.isPlatform, tenant.description != caller.tenant {
            fields.fail("tenant", "only a platform admin's key may name another tenant")
        }
        let target = tenant?.description ?? caller.tenant
        var errors = fields.errors
        do throws(FieldErrors) {
            let write = try write(
                document, name: name ?? ScheduleName(checked: "unnamed"), tenant: target, now: now,
                ignoring: ["name", "tenant"])
            if errors.isEmpty { return write }
        } catch {
            errors += error.errors
        }
        throw FieldErrors(errors)
    }
}

private struct ImportCounts: Sendable {
    var created = 0
    var updated = 0

    static func += (left: inout ImportCounts, right: ImportCounts) {
        left.created += right.created
        left.updated += right.updated
    }
}
