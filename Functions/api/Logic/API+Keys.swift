import Crypto
import HTTPTypes
import Hummingbird
import Model
import Store

extension API {
    var keyRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/keys", summary: "List keys", role: .admin, answer: "KeyPage", handle: listKeys),
            Route(
                method: .post, path: "/v1/keys", summary: "Make a key; it is shown once", role: .admin,
                body: .json("NewKey"), statuses: [201], answer: "MadeKey", isAnsweredOnce: true, handle: createKey),
            Route(
                method: .delete, path: "/v1/keys/{id}", summary: "Revoke a key", role: .admin, statuses: [204],
                handle: revokeKey),
            Route(
                method: .get, path: "/v1/audit", summary: "Who changed what, newest first", role: .admin,
                query: [.limit, .auditCursor], answer: "AuditPage", handle: listAudit),
        ]
    }

    private func document(_ row: KeyRow) -> [JSON.Member] {
        [
            .init("id", .string("\(row.id)")), .init("tenant", .string("\(row.tenant)")),
            .init("subject", .string(row.subject)),
            .init("role", .string(row.role)), .init("groups", .array(row.groups.map { .string($0) })),
            .init("platform", .bool(row.isPlatform)),
        ]
    }

    private func listKeys(_ call: Call) async throws -> Response {
        let rows = try await keyRegistry.keys(tenant: call.caller.tenant)
        return Response.json(["items": .array(rows.map { .object(document($0)) }), "next": .null])
    }

    private func createKey(_ call: Call) async throws -> Response {
        var fields = JSONFields(try await call.json())
        let key = Bodies.key(&fields)
        if key.isPlatform && !call.caller.isPlatform {
            fields.fail("platform", "only a platform admin may make another")
        }
        if let tenant = key.tenant, !call.caller.isPlatform, tenant != call.caller.tenant {
            fields.fail("tenant", "only a platform admin may make keys of another tenant")
        }
        fields.finish()
        guard fields.errors.isEmpty, let subject = key.subject else { throw Problem.invalid(fields.errors) }
        var random = SystemRandomNumberGenerator()
        let text = APIKey.make(using: &random)
        let now = try await status.now()
        let row = KeyRow(
            id: .v7(at: now, using: &random), tenant: key.tenant ?? call.caller.tenant, subject: subject,
            role: (key.role ?? .viewer).rawValue, groups: key.groups ?? [], isPlatform: key.isPlatform)
        try await keyRegistry.insert(
            row, hash: Array(SHA256.hash(data: Array(text.utf8))), by: call.caller.actor, now: now)
        keyCache.forget()
        return Response.json(.object(document(row) + [.init("key", .string(text))]), status: .created)
    }

    private func revokeKey(_ call: Call) async throws -> Response {
        let id: KeyID = try call.id("a key")
        guard try await keyRegistry.revoke(id, by: call.caller.actor, now: try await status.now()) else {
            throw Problem.notFound("the key \(id)")
        }
        keyCache.forget()
        return Response(status: .noContent)
    }

    private func listAudit(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        let before = try call.int("cursor", in: 1...Int.max, default: Int.max)
        let rows = try await auditLog.audit(tenant: call.caller.tenant, before: before, limit: limit + 1)
        let items = rows.prefix(limit).map { row -> JSON in
            [
                "id": .integer(row.id), "at": .time(row.at), "subject": .string(row.subject),
                "action": .string(row.action),
                "object": .string(row.object), "reason": .optional(row.reason, JSON.string),
            ]
        }
        return Response.json([
            "items": .array(items), "next": rows.count > limit ? .string("\(rows[limit - 1].id)") : .null,
        ])
    }
}
