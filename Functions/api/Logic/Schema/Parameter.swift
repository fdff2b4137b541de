import HTTPTypes
import Model

/// A parameter of a path, query or header: one description that both checks it and appears in `openapi.json`.
struct Parameter: Sendable {
    var name: String
    /// What it must be, in words: for mistakes and descriptions.
    var expected: String
    var schema: JSON
    var isRequired = false
    /// Whether a text is allowed.
    var accepts: @Sendable (String) -> Bool

    init<Value>(_ name: String, _ type: FieldType<Value>, isRequired: Bool = false) {
        self.name = name
        expected = type.expected
        schema = type.schema
        self.isRequired = isRequired
        // In a query, numbers have no quotes either.
        accepts = { type.read(.string($0)) != nil || type.read(.number($0)) != nil }
    }

    /// Throws a problem for a text that is not allowed.
    func check(_ text: String) throws(Problem) {
        if !accepts(text) { throw Problem.parameter(name, "expected \(expected)") }
    }

    /// The same parameter, required.
    func required() -> Parameter {
        var parameter = self
        parameter.isRequired = true
        return parameter
    }
}

extension Parameter {
    // MARK: Of queries

    static let limit = Parameter("limit", FieldType<Int>.integer(1...1_000).defaulting(100))
    static let count = Parameter("count", FieldType<Int>.integer(1...1_000).defaulting(10))
    static let prefix = Parameter("prefix", FieldType.text(0...200, "the beginning of names"))
    /// For lists ordered by name.
    static let nameCursor = Parameter("cursor", FieldType.text(0...200, "the next of an earlier answer"))
    static let auditCursor = Parameter(
        "cursor",
        FieldType<String>(
            "the next of an earlier answer", schema: ["type": "string", "pattern": "^[1-9][0-9]{0,17}$"],
            read: { value in value.text.flatMap { Int($0) != nil && $0.first != "+" ? $0 : nil } }))
    static let triggerCursor = Parameter(
        "cursor",
        FieldType<String>(
            "the next of an earlier answer",
            schema: [
                "type": "string",
                "pattern":
                    "^(-?[0-9]{1,16}|[0-9]{17}|1[0-9]{17})~[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            ], read: \.text))
    static let scheduleState = Parameter("state", FieldType<String>.oneOf(["active", "paused", "finished"]))
    static let triggerState = Parameter(
        "state",
        FieldType<String>.oneOf([
            "planned", "queued", "delivered", "rejected", "expired", "dead", "skipped", "cancelled",
        ]))
    static let flowVersion = Parameter("version", FieldType<Int>.integer(1...1_000_000_000))
    static let executionState = Parameter(
        "state",
        FieldType<String>.oneOf([
            "new", "running", "paused", "ending", "succeeded", "failed", "cancelled", "quarantined",
            "pending",
        ]))
    static let flow = Parameter("flow", FieldType.name(.flow, "the name of a flow"))
    static let eventCursor = Parameter(
        "cursor",
        FieldType<String>(
            "the next of an earlier answer", schema: ["type": "string", "pattern": "^[0-9]{1,17}$"],
            read: { value in
                value.text.flatMap {
                    (1...17).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) } ? $0 : nil
                }
            }))
    static let bindingScope = Parameter("scope", FieldType<String>.oneOf(["tenant", "platform"]).defaulting("tenant"))
    static let schedule = Parameter("schedule", FieldType.text(0...200, "the name of a schedule"))
    static let step = Parameter(
        "step", FieldType<Duration>.duration(.seconds(1)...(.seconds(366 * 86_400))).defaulting("1h"))

    static func time(_ name: String) -> Parameter { Parameter(name, FieldType<Timestamp>.time) }

    // MARK: Of headers

    static let tenantHeader = Parameter(
        "Headgate-Tenant", FieldType.name(.tenant, "the tenant to act for, by a platform admin's key"))
    static let idempotencyKey = Parameter(
        "Idempotency-Key",
        FieldType<String>(
            "1 to 255 printable ASCII characters; a repeat within 24 hours gets the first answer",
            schema: ["type": "string", "pattern": "^[!-~]([ -~]{0,253}[!-~])?$"]
        ) { value in
            guard let text = value.text, (1...255).contains(text.utf8.count) else { return nil }
            return text.utf8.allSatisfy { (32...126).contains($0) } ? text : nil
        })
    static let ifMatch = Parameter(
        "If-Match",
        FieldType<String>(
            "* or the ETag of an earlier answer, such as \"3-1f0c9a2b\"",
            schema: ["type": "string", "pattern": "^(\\*|\"[0-9][^\"]{0,60}\")$"], read: \.text))

    // MARK: Of paths

    /// The description of a path parameter; what `name` names depends on the path.
    static func inPath(_ name: String, of path: String) -> Parameter {
        let parameter =
            switch name {
            case "id":
                Parameter("id", FieldType<String>("an id", schema: ["type": "string", "format": "uuid"], read: \.text))
            case "tenant": Parameter("tenant", FieldType.name(.tenant, "a tenant's name"))
            case "queue": Parameter("queue", FieldType<String>.oneOf(["triggers", "outcomes"]))
            case "name" where path.hasPrefix("/v1/secrets/"):
                Parameter("name", FieldType.name(.secret, "a secret's name"))
            case "type": Parameter("type", FieldType.text(1...200, "a type of step, such as model.train"))
            case "token": Parameter("token", FieldType.text(1...1_000, "the signed token of an attempt"))
            case "name" where path.hasPrefix("/v1/flows/"):
                Parameter("name", FieldType.name(.flow, "a flow's name"))
            case "name": Parameter("name", FieldType.name(.schedule, "a schedule's name"))
            default: preconditionFailure("no description of {\(name)} in \(path)")
            }
        return parameter.required()
    }
}
