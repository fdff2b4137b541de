import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import Queue
import Sending
import Store

extension API {
    var queueRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/queues", summary: "List queues", role: .viewer, answer: "QueuePage",
                handle: listQueues),
            Route(
                method: .get, path: "/v1/queues/{queue}", summary: "Show a queue", role: .viewer, answer: "Queue",
                handle: getQueue),
            Route(
                method: .get, path: "/v1/queues/{queue}/dead", summary: "List dead letters", role: .viewer,
                query: [.limit], answer: "DeadLetterPage", handle: listDead),
            Route(
                method: .post, path: "/v1/queues/{queue}/redrive", summary: "Send dead letters again", role: .operator,
                body: .json("Redrive", isOptional: true), answer: "Redriven", handle: redriveQueue),
            Route(
                method: .post, path: "/v1/queues/{queue}/purge", summary: "Remove every message", role: .admin,
                answer: "Purged", handle: purgeQueue),
        ]
    }

    private func named(_ call: Call) throws -> any MessageQueue {
        let name = try call.path("queue")
        guard let queue = [queue, outcomes].first(where: { $0.name.description == name }) else {
            throw Problem.notFound("the queue \(name)")
        }
        return queue
    }

    private func listQueues(_ call: Call) async throws -> Response {
        var items: [JSON] = []
        for queue in [queue, outcomes] { items.append(try await document(queue, call.caller)) }
        return Response.json(["items": .array(items), "next": .null])
    }

    private func getQueue(_ call: Call) async throws -> Response {
        Response.json(try await document(try named(call), call.caller))
    }

    /// Dead letters are counted up to this number.
    private static let deadCounted = 100_000

    /// The whole queue for a platform admin; for a tenant, its own part. Dead triggers are counted in the database,
    /// which lists them too.
    private func document(_ queue: any MessageQueue, _ caller: Caller) async throws -> JSON {
        let own = API.fairnessKeys(of: caller.tenant)
        let all = try await queue.statistics(of: caller.seesAll ? nil : own)
        let dead =
            queue.name == .triggers
            ? try await deadTriggerRegistry.countDead(
                tenant: caller.seesAll ? nil : caller.tenant, limit: API.deadCounted)
            : caller.seesAll ? all.dead : 0
        guard caller.seesAll else {
            return [
                "name": .string("\(queue.name)"),
                "queued": .integer(own.reduce(0) { $0 + (all.tenants[$1] ?? 0) }),
                "dead": .integer(dead),
            ]
        }
        let top = all.tenants.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(20)
        return [
            "name": .string("\(queue.name)"), "ready": .integer(all.ready), "delayed": .integer(all.delayed),
            "inFlight": .integer(all.inFlight), "dead": .integer(dead), "settled": .integer(all.settled),
            "oldestReady": .optional(all.oldestReady) { .string($0.text) },
            "tenants": .array(top.map { ["tenant": .string($0.key), "queued": .integer($0.value)] }),
        ]
    }

    /// The fairness keys of a tenant's messages: live work, and backfills.
    private static func fairnessKeys(of tenant: TenantID) -> [String] { [tenant.description, "\(tenant)/backfill"] }

    /// Lists dead triggers from the database, for the caller's tenant; dead outcomes, which belong to no tenant, from
    /// the queue.
    private func listDead(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        let queue = try named(call)
        let items: [JSON]
        if queue.name == .triggers {
            let dead = try await deadTriggerRegistry.deadTriggers(
                tenant: call.caller.seesAll ? nil : call.caller.tenant, after: nil, limit: limit)
            items = dead.map { dead in
                let message = dead.trigger.message
                return [
                    "id": .string("\(message.id)"), "tenant": .string("\(message.tenant)"),
                    "diedAt": .time(dead.diedAt),
                    "reason": .optional(dead.reason, JSON.string), "attempts": .integer(dead.trigger.attempts),
                    "schedule": message.kind == .oneOff ? .null : .string("\(message.schedule)"),
                ]
            }
        } else {
            let letters = call.caller.seesAll ? try await queue.peekDead(limit: limit) : []
            items = letters.map { letter in
                [
                    "id": .string("\(letter.id)"), "tenant": .string("\(letter.tenant)"),
                    "diedAt": .time(letter.diedAt),
                    "reason": .string(letter.reason), "attempts": .integer(letter.attempts), "schedule": .null,
                ]
            }
        }
        return Response.json(["items": .array(items), "next": .null])
    }

    /// Requeues each trigger in the database, with a new deadline, then sends it with the action of its own revision
    /// (protocols.md, 9, 9a).
    private func redriveQueue(_ call: Call) async throws -> Response {
        var fields = JSONFields(try await call.json(isOptional: true))
        let (limit, rate) = Bodies.redrive(&fields)
        fields.finish()
        if !fields.errors.isEmpty { throw Problem.invalid(fields.errors) }
        let queue = try named(call)
        guard queue.name == .triggers else {
            let count = call.caller.seesAll ? try await queue.redriveDead(limit: limit, rate: rate) : 0
            if count == 0 { call.effect.reportNone() }
            return Response.json(["redriven": .integer(count)])
        }
        var (redriven, place) = (0, DeadTrigger.Place?.none)
        // Triggers that die again meanwhile do not belong to this call.
        let start = try await status.now()
        while redriven < limit {
            let ticket = try await queue.ticket()
            let asked = min(API.redrivenAtOnce, limit - redriven)
            let page = try await deadTriggerRegistry.deadTriggers(
                tenant: call.caller.seesAll ? nil : call.caller.tenant, after: place, limit: asked
            ).filter { $0.diedAt <= start }
            // Triggers whose action nobody knows stay dead and are passed over.
            let again = try await redrive(page, by: call.caller)
            let messages = again.enumerated().map { index, trigger in
                let delay = rate.map { Duration.milliseconds(Int64(Double(redriven + index) / $0 * 1_000)) } ?? .zero
                return OutgoingMessage(trigger.message, delay: delay)
            }
            await sendAgain(messages, ticket: ticket)
            redriven += again.count
            guard let last = page.last, page.count == asked else { break }
            place = last.place
        }
        if redriven == 0 { call.effect.reportNone() }
        return Response.json(["redriven": .integer(redriven)])
    }
    private static let redrivenAtOnce = 500

    private func redrive(_ dead: [DeadTrigger], by caller: Caller) async throws -> [QueuedTrigger] {
        let now = try await status.now()
        var again: [QueuedTrigger] = []
        let byTenant = Dictionary(grouping: dead, by: \.trigger.message.tenant).sorted { $0.key < $1.key }
        for (tenant, dead) in byTenant {
            again += try await deadTriggerRegistry.redrive(
                dead.map(\.trigger.message.id), deadline: now + .seconds(3_600), checkAt: now + .seconds(60),
                by: AuditActor(tenant: tenant, subject: caller.subject), now: now)
        }
        return again
    }

    /// Sends redriven triggers; the monitor sends those that fail here.
    func sendAgain(_ messages: [OutgoingMessage], ticket: QueueTicket) async {
        if messages.isEmpty { return }
        do {
            _ = try await queue.send(messages, ticket: ticket, mode: .redrive)
        } catch {
            runtime.logger.warning("\(messages.count) redriven triggers are left to the monitor: \(error)")
        }
    }

    private func purgeQueue(_ call: Call) async throws -> Response {
        guard call.caller.seesAll else { throw Problem.forbidden("only a platform admin may purge a queue") }
        let queue = try named(call)
        // Audit first: a purge that nobody knows about would be worse than an entry for one that failed.
        try await auditLog.record("queue.purge", "\(queue.name)", by: call.caller.actor, now: try await status.now())
        return Response.json(["purged": .integer(try await queue.purge())])
    }
}
