import FunctionRuntime
import HTTPTypes
import Hummingbird
import Model
import Scheduling
import Store
import Telemetry

/// Calls on many schedules, or on many occurrences of one.
extension API {
    var bulkRoutes: [Route] {
        [
            Route(
                method: .post, path: "/v1/schedules/pause", summary: "Pause all schedules with a prefix",
                role: .operator, query: [.prefix.required()], body: .json("Pause", isOptional: true), answer: "Paused",
                handle: pauseAll),
            Route(
                method: .post, path: "/v1/schedules/resume", summary: "Resume all schedules with a prefix",
                role: .operator, query: [.prefix.required()], body: .json("Resume", isOptional: true),
                answer: "Resumed",
                handle: resumeAll),
            Route(
                method: .post, path: "/v1/schedules/{name}/backfill",
                summary: "Run past occurrences that were not delivered", role: .operator,
                body: .json("Backfill"), statuses: [202], answer: "Backfilled", handle: backfill),
            Route(
                method: .get, path: "/v1/forecast", summary: "How many triggers will fire in each step of time",
                role: .viewer, query: [.time("from"), .time("to"), .step, .prefix], answer: "Forecast", handle: forecast
            ),
        ]
    }

    static let page = 500

    private func prefix(_ call: Call) throws -> String {
        guard let prefix = call.text("prefix") else {
            throw Problem.parameter("prefix", "is required: the beginning of the names, or nothing for all of them")
        }
        return prefix
    }

    private func pauseAll(_ call: Call) async throws -> Response {
        let prefix = try prefix(call)
        let reason = try await pauseReason(call)
        let count = try await pauseSchedules(
            prefix: prefix, reason: reason, by: call.caller.actor, now: try await status.now())
        if count == 0 { call.effect.reportNone() }
        return Response.json(["paused": .integer(count)])
    }

    private func resumeAll(_ call: Call) async throws -> Response {
        let prefix = try prefix(call)
        let missed = try await resumePolicy(call)
        try await refuseIfPaused(call.caller.tenant)
        let count = try await resumeSchedules(
            prefix: prefix, pausedFor: nil, missed: missed, by: call.caller.actor, now: try await status.now())
        if count == 0 { call.effect.reportNone() }
        return Response.json(["resumed": .integer(count)])
    }

    /// Pauses the active schedules with a prefix, page by page; returns how many.
    func pauseSchedules(prefix: String, reason: String, by actor: AuditActor, now: Timestamp) async throws -> Int {
        var count = 0
        var last: ScheduleName?
        while true {
            let page = try await bulkRegistry.pauseAll(
                prefix: prefix, after: last, limit: API.page, reason: reason, by: actor, now: now)
            await cancelInQueue(page.cancelled, tenant: actor.tenant, reason: .paused)
            count += page.names.count
            guard page.names.count == API.page, let name = page.names.last else { return count }
            last = name
        }
    }

    /// Resumes the paused schedules with a prefix, page by page; returns how many.
    ///
    /// - Parameter reason: only those paused for this reason; nil: all.
    func resumeSchedules(
        prefix: String, pausedFor reason: String?, missed: Int?, by actor: AuditActor, now: Timestamp
    ) async throws -> Int {
        let next = resumption(now)
        var count = 0
        var last: ScheduleName?
        while true {
            let page = try await bulkRegistry.resumeAll(
                prefix: prefix, pausedFor: reason, after: last, limit: API.page, missed: missed, by: actor, now: now,
                next: next)
            count += page.names.count
            guard page.names.count == API.page, let name = page.names.last else { return count }
            last = name
        }
    }

    private static let backfillLimit = 10_000

    /// Turns past occurrences into triggers of kind `backfill`, which wait behind live ones and expire after 7 days.
    private func backfill(_ call: Call) async throws -> Response {
        var fields = JSONFields(try await call.json())
        let (from, to) = Bodies.backfill(&fields)
        let now = try await call.now(status)
        if let from, let to {
            if to <= from { fields.fail("to", "is not after from") }
            if to > now { fields.fail("to", "is in the future: what comes then runs by itself") }
        }
        fields.finish()
        guard fields.errors.isEmpty, let from, let to else { throw Problem.invalid(fields.errors) }
        let row = try await find(call)
        let timing = try stored(row).timing
        try await refuseIfPaused(row.tenant)
        let occurrences =
            timing
            .upcoming(after: from - .microseconds(1), count: API.backfillLimit + 1, zones: zones).filter { $0 < to }
        if occurrences.count > API.backfillLimit {
            throw Problem.invalid([
                FieldError(
                    pointer: "/to", detail: "more than \(API.backfillLimit) occurrences; backfill them in parts")
            ])
        }
        let triggers = occurrences.map { occurrence in
            let key = TriggerKey(
                schedule: row.id, kind: .backfill, revision: row.revision, occurrence: occurrence)
            // Dated today: the partition of the occurrence's day may be gone, and a failed backfill may be requested
            // again.
            return BackfillTrigger(id: key.id(at: now.flooredToMillisecond), occurrence: occurrence)
        }
        let made = try await bulkRegistry.backfill(
            row, triggers, deadline: now + .seconds(7 * 86_400), by: call.caller.actor, now: now)
        return Response.json(
            ["triggers": .integer(made.count), "skipped": .integer(occurrences.count - made.count)], status: .accepted)
    }

    private static let forecastSteps = 1_000
    private static let forecastSchedules = 100_000
    private static let listedUnreadable = 1_000

    /// Counts occurrences by the calendars of the schedules active now; spreading within margins is not applied.
    private func forecast(_ call: Call) async throws -> Response {
        let now = try await status.now()
        let from = try call.time("from") ?? now
        let to = try call.time("to") ?? from + .seconds(86_400)
        let step = try call.duration("step") ?? .seconds(3_600)
        guard (.seconds(1)...(.seconds(366 * 86_400))).contains(step) else {
            throw Problem.parameter("step", "expected a duration from 1s to 366d")
        }
        guard from < to else { throw Problem.parameter("to", "is not after from") }
        let steps = Int((to.microseconds - from.microseconds + step.microseconds - 1) / step.microseconds)
        guard steps <= API.forecastSteps else {
            throw Problem.parameter(
                "step", "makes \(steps) steps; at most \(API.forecastSteps): take longer ones or a shorter time")
        }
        var counts = Array(repeating: 0, count: steps)
        var schedules = 0
        var last: ScheduleName?
        var unreadable: [JSON] = []
        while true {
            let rows = try await scheduleRegistry.schedules(
                tenant: call.caller.tenant, prefix: call.text("prefix") ?? "", state: .active, after: last, limit: 1_000
            )
            for (index, row) in rows.enumerated() {
                // Let other requests run on this thread.
                if index % 16 == 15 { await Task.yield() }
                let timing: Timing
                do throws(ByteReader.Failure) {
                    timing = try Timing(decoding: row.timing)
                } catch {
                    runtime.metrics.count(.apiUnreadable)
                    unreadable.append(["name": .string("\(row.name)"), "error": .string(API.unreadable(row, error))])
                    continue
                }
                guard let cursor = row.cursor else { continue }
                var remainder: (next: Timestamp, triggers: Int)?
                if timing.maxTriggers != nil {
                    remainder = timing.remainder(cursor: cursor, fired: row.fired, now: now, zones: zones) ?? (now, 0)
                }
                if let (next, left) = remainder, next < from {
                    let before = timing.count(from: next, through: from - .microseconds(1), limit: left, zones: zones)
                    guard let before else { throw Problem.parameter("from", "is too far ahead for \(row.name)") }
                    remainder = (from, max(0, left - before))
                }
                // Occurrences between now and the cursor are planned already, and run too.
                let part = timing.counts(
                    from: from, step: step, steps: steps, since: now, remainder: remainder, zones: zones)
                for (index, count) in part.enumerated() { counts[index] += count }
            }
            schedules += rows.count
            guard rows.count == 1_000, let name = rows.last?.name else { break }
            guard schedules < API.forecastSchedules else {
                throw Problem.parameter(
                    "prefix", "there are more than \(API.forecastSchedules) schedules: choose some by their prefix")
            }
            last = name
        }
        let items = counts.enumerated().map { index, count -> JSON in
            ["at": .time(from + step * index), "triggers": .integer(count)]
        }
        return Response.json([
            "schedules": .integer(schedules), "steps": .array(items),
            "unreadable": .array(Array(unreadable.prefix(API.listedUnreadable))),
        ])
    }
}
