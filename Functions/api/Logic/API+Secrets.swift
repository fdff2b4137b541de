import FunctionRuntime
import HTTPTypes
import Hummingbird
import Logging
import Model
import Queue
import Secrets
import Store

/// Secrets go in and are never shown again; their values are sealed before they are stored.
extension API {
    var secretRoutes: [Route] {
        [
            Route(
                method: .get, path: "/v1/secrets", summary: "List the names of secrets", role: .author,
                query: [.limit, .nameCursor], answer: "SecretPage", handle: listSecrets),
            Route(
                method: .put, path: "/v1/secrets/{name}", summary: "Store or change a secret; it is never shown",
                role: .author, body: .json("SecretValue"), statuses: [200, 201], answer: "Secret", handle: putSecret),
            Route(
                method: .delete, path: "/v1/secrets/{name}", summary: "Delete a secret", role: .author, statuses: [204],
                handle: deleteSecret),
        ]
    }

    private static let maximumSecrets = 100
    private static let keptFor = Duration.seconds(86_400)

    private func secretName(_ call: Call) throws -> String {
        let name = try call.path("name")
        guard NameRule.secret.accepts(name) else {
            throw Problem.parameter("name", "a secret's name is \(NameRule.secret.requirement)")
        }
        return name
    }

    private func putSecret(_ call: Call) async throws -> Response {
        let name = try secretName(call)
        guard let keys else {
            throw Problem.unavailable("HEADGATE_SECRET_KEYS is not set for the API: secrets cannot be sealed")
        }
        var fields = JSONFields(try await call.json())
        let (value, keeping) = Bodies.secret(&fields)
        if let value, let mistake = WebhookSignature.mistake(in: value) { fields.fail("value", mistake) }
        fields.finish()
        // A mistake names the kind of value, never the value itself.
        guard fields.errors.isEmpty, let value else { throw Problem.invalid(fields.errors.map(API.withoutValue)) }
        let now = try await status.now()
        let sealed = try keys.seal(value, name: name, tenant: call.caller.tenant)
        let kept = keeping ?? API.keptFor
        let change = try await secretRegistry.putSecret(
            name, sealed: sealed, keepPreviousUntil: kept > .zero ? now + kept : nil, maximum: API.maximumSecrets,
            by: call.caller.actor, now: now)
        await publish(change)
        return Response.json(
            ["name": .string(name), "updatedAt": .time(now)], status: change.isCreated ? .created : .ok)
    }

    private static func withoutValue(_ error: FieldError) -> FieldError {
        guard error.pointer == "/value", let found = error.detail.firstRange(of: ", found ") else { return error }
        return FieldError(pointer: error.pointer, detail: String(error.detail[..<found.lowerBound]))
    }

    private func listSecrets(_ call: Call) async throws -> Response {
        let limit = try call.int("limit", in: 1...1_000, default: 100)
        let rows = try await secretRegistry.secrets(
            of: call.caller.tenant, after: call.text("cursor") ?? "", limit: limit + 1)
        let items = rows.prefix(limit).map { row -> JSON in
            ["name": .string(row.name), "createdAt": .time(row.createdAt), "updatedAt": .time(row.updatedAt)]
        }
        return Response.json([
            "items": .array(items), "next": rows.count > limit ? .string(rows[limit - 1].name) : .null,
        ])
    }

    private func deleteSecret(_ call: Call) async throws -> Response {
        let name = try secretName(call)
        let now = try await status.now()
        guard let change = try await secretRegistry.deleteSecret(name, by: call.caller.actor, now: now) else {
            throw Problem.notFound("the secret \(name)")
        }
        await publish(change)
        return Response(status: .noContent)
    }

    // MARK: Of schedules

    /// What to say about secrets that a call names and the tenant does not have; nil: it has them all.
    func missingSecret(of call: HTTPAction?, tenant: TenantID) async throws -> String? {
        guard let call, call.usesSecrets else { return nil }
        let missing = try await secretRegistry.missingSecrets(call.secretNames, tenant: tenant)
        if missing.isEmpty { return nil }
        let names = missing.sorted()
        return "there is no secret \(names.joined(separator: ", ")): store it first with PUT /v1/secrets/\(names[0])"
    }

    /// The mistakes in a schedule's calls that only the store can find: missing secrets.
    func secretMistakes(_ record: ActionRecord, tenant: TenantID) async throws -> [FieldError] {
        var errors: [FieldError] = []
        if case .http(let call) = record.action, let text = try await missingSecret(of: call, tenant: tenant) {
            errors.append(FieldError(pointer: "/action/http", detail: text))
        }
        if let text = try await missingSecret(of: record.onFailure, tenant: tenant) {
            errors.append(FieldError(pointer: "/onFailure/http", detail: text))
        }
        return errors
    }
}
