import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import Queue
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

    /// All of a queue for the platform admin; for a tenant, its own share.
    private func document(_ queue: any MessageQueue, _ caller: Caller) async throws -> JSON {
        let all = try await queue.statistics()
        guard caller.seesAll else {
            let dead = try await dead(queue, caller, limit: 1_000).count
            return [
                "name": .string("\(queue.name)"),
                "queued": .integer(API.fairnessKeys(of: caller.tenant).reduce(0) { $0 + (all.tenants[$1] ?? 0) }),
                "dead": .integer(dead),
            ]
        }
        let top = all.tenants.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(20)
        return [
            "name": .string("\(queue.name)"), "ready": .integer(all.ready), "delayed": .integer(all.delayed),
            "inFlight": .integer(all.inFlight), "dead": .integer(all.dead), "settled": .integer(all.settled),
            "oldestReady": .optional(all.oldestReady) { .string($0.text) },
            "tenants": .array(top.map { ["tenant": .string($0.key), "queued": .integer($0.value)] }),
        ]
    }

    private func dead(_ queue: any MessageQueue, _ caller: Caller, limit: Int) async throws -> [DeadLetter] {
        if caller.seesAll { return try await queue.peekDead(limit: limit) }
        var letters: [DeadLetter] = []
        for key in API.fairnessKeys(of: caller.tenant) {
            letters += try await queue.peekDead(limit: limit - letters.count, tenant: key)
        }
        return letters
    }

    /// The keys under which a tenant's messages are queued: live work, and backfills.
    private static func fairnessKeys(of tenant: String) -> [String] { [tenant, "\(tenant)/backfill"] }

    private func listDead(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        let items = try await dead(try named(call), call.caller, limit: limit).map { letter -> JSON in
            let trigger = try? TriggerMessage(decoding: letter.body)
            return [
                "id": .string("\(letter.id)"), "tenant": .string(trigger?.tenant ?? letter.tenant),
                "diedAt": .time(letter.diedAt), "reason": .string(letter.reason),
                "attempts": .integer(letter.attempts), "schedule": .optional(trigger?.schedule, JSON.string),
            ]
        }
        return Response.json(["items": .array(items), "next": .null])
    }

    /// First each trigger turns from dead to queued in the database, with a new deadline; then it is sent.
    private func redriveQueue(_ call: Call) async throws -> Response {
        var fields = JSONFields(try await call.json(isOptional: true))
        let (limit, rate) = Bodies.redrive(&fields)
        fields.finish()
        if !fields.errors.isEmpty { throw Problem.invalid(fields.errors) }
        let queue = try named(call)
        guard queue.name == .triggers else {
            let count = call.caller.seesAll ? try await queue.redriveDead(limit: limit, rate: rate) : 0
            return Response.json(["redriven": .integer(count)])
        }
        let letters = try await dead(queue, call.caller, limit: limit)
        let ticket = try await queue.ticket()
        let now = try await registry.now()
        var messages: [OutgoingMessage] = []
        // A letter that cannot be read stays where it is.
        let readable = letters.compactMap { try? TriggerMessage(decoding: $0.body) }
        for (tenant, letters) in Dictionary(grouping: readable, by: \.tenant).sorted(by: { $0.key < $1.key }) {
            let triggers = Dictionary(letters.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
            let deadline = now + .seconds(3_600)
            let actor = AuditActor(tenant: tenant, subject: call.caller.subject)
            for id in try await registry.redrive(
                triggers.keys.sorted(), deadline: deadline, checkAt: now + .seconds(60), by: actor, now: now)
            {
                guard var trigger = triggers[id] else { continue }
                trigger.redrive += 1
                trigger.deadline = max(trigger.deadline, deadline)
                let delay = rate.map { Duration.milliseconds(Int64(Double(messages.count) / $0 * 1_000)) } ?? .zero
                messages.append(OutgoingMessage(trigger, delay: delay))
            }
        }
        do {
            _ = try await queue.send(messages, ticket: ticket, mode: .redrive)
        } catch {
            runtime.logger.warning("\(messages.count) redriven triggers are left to the monitor: \(error)")
        }
        return Response.json(["redriven": .integer(messages.count)])
    }

    private func purgeQueue(_ call: Call) async throws -> Response {
        guard call.caller.seesAll else { throw Problem.forbidden("only a platform admin may purge a queue") }
        let queue = try named(call)
        // First: a purge that nobody knows of would be worse than a note of one that failed.
        try await registry.note("queue.purge", "\(queue.name)", by: call.caller.actor, now: try await registry.now())
        return Response.json(["purged": .integer(try await queue.purge())])
    }
}
