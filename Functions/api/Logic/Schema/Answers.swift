import Model
import Scheduling

/// The schemas of answers. Answers may grow: members not named here may be present.
enum Answers {
    static let string: JSON = ["type": "string"]
    static let integer: JSON = ["type": "integer"]
    static let time: JSON = ["type": "string", "format": "date-time"]
    static let flag: JSON = ["type": "boolean"]

    static func ref(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }
    static func list(_ item: JSON) -> JSON { ["type": "array", "items": item] }

    /// An object with members that are always present, and others that may be.
    static func object(_ required: [JSON.Member], _ optional: [JSON.Member] = []) -> JSON {
        .object([
            .init("type", "object"), .init("properties", .object(required + optional)),
            .init("required", .array(required.map { .string($0.name) })),
        ])
    }
    private static func page(_ item: String) -> JSON {
        object([.init("items", list(ref(item))), .init("next", string.nullable)])
    }

    /// All schemas by name, for `components`.
    static let schemas: [JSON.Member] =
        [
            .init(
                "Mistake",
                object([
                    .init("pointer", ["type": "string", "description": "a JSON Pointer; ?name of a parameter"]),
                    .init("detail", string),
                ])),
            .init(
                "Problem",
                object(
                    [
                        .init("type", string), .init("title", string), .init("status", integer),
                        .init("detail", string),
                    ], [.init("errors", list(ref("Mistake")))])),
            .init("Schedule", schedule), .init("SchedulePage", page("Schedule")),
            .init("Trigger", trigger), .init("TriggerPage", page("Trigger")),
            .init(
                "Imported",
                object([
                    .init("created", integer), .init("updated", integer),
                    .init("refused", list(object([.init("line", integer), .init("errors", list(ref("Mistake")))]))),
                    .init(
                        "omitted",
                        ["type": "integer", "description": "refused lines beyond the 10,000 that are listed"]),
                    .init("warnings", list(object([.init("line", integer), .init("warnings", list(ref("Mistake")))]))),
                ])),
            .init("Upcoming", object([.init("upcoming", list(time))], [.init("warnings", list(ref("Mistake")))])),
            .init("Paused", object([.init("paused", integer)])), .init("Resumed", object([.init("resumed", integer)])),
            .init("Backfilled", object([.init("triggers", integer), .init("skipped", integer)])),
            .init(
                "Forecast",
                object([
                    .init("schedules", integer),
                    .init("steps", list(object([.init("at", time), .init("triggers", integer)]))),
                    .init("unreadable", list(object([.init("name", string), .init("error", string)]))),
                ])),
            .init(
                "Queue",
                object(
                    [.init("name", string)],
                    ["queued", "dead", "ready", "delayed", "inFlight", "settled"].map { .init($0, integer) } + [
                        .init("oldestReady", string.nullable),
                        .init("tenants", list(object([.init("tenant", string), .init("queued", integer)]))),
                    ])), .init("QueuePage", page("Queue")),
            .init(
                "DeadLetter",
                object(
                    [.init("id", string)],
                    [
                        .init("tenant", string), .init("diedAt", time.nullable), .init("reason", string.nullable),
                        .init("attempts", integer), .init("schedule", string.nullable),
                    ])), .init("DeadLetterPage", page("DeadLetter")),
            .init("Redriven", object([.init("redriven", integer)])),
            .init("Purged", object([.init("purged", integer)])),
            .init("Key", key([])), .init("KeyPage", page("Key")), .init("MadeKey", key([.init("key", string)])),
            .init(
                "AuditEntry",
                object([
                    .init("id", integer), .init("at", time), .init("subject", string), .init("action", string),
                    .init("object", string), .init("reason", string.nullable),
                ])), .init("AuditPage", page("AuditEntry")),
            .init("Tenant", tenant),
            .init(
                "Erased",
                object([
                    .init("schedules", integer), .init("triggers", integer), .init("executions", integer),
                ])),
            .init("Secret", object([.init("name", string), .init("updatedAt", time)], [.init("createdAt", time)])),
            .init("SecretPage", page("Secret")),
            .init("Health", object([.init("status", string)])),
            .init(
                "Readiness",
                object([
                    .init("ready", flag),
                    .init("checks", ["type": "object", "additionalProperties": ["type": "string"]]),
                ])),
        ] + flowSchemas

    private static var schedule: JSON {
        let document = ScheduleSpec.schema()["properties"]?.members ?? []
        return object(
            [
                .init("name", string), .init("tenant", string), .init("id", string),
                .init("state", ["type": "string", "enum": ["active", "paused", "finished"]]),
                .init("nextAt", time.nullable), .init("revision", integer), .init("shard", integer),
                .init("pauseReason", string.nullable), .init("createdAt", time), .init("updatedAt", time),
            ],
            document + [
                .init("warnings", list(ref("Mistake"))),
                .init("error", ["type": "string", "description": "it cannot be read, and runs nothing"]),
            ])
    }

    private static var tenant: JSON {
        let settings = JSONFields.schema { _ = TenantSettings(&$0) }["properties"]?.members ?? []
        return object(
            [.init("tenant", string)] + settings,
            [
                .init("revision", integer), .init("updatedAt", time),
                .init(
                    "error",
                    ["type": "string", "description": "the stored settings cannot be read, and its calls wait"]),
            ])
    }

    private static func key(_ more: [JSON.Member]) -> JSON {
        object(
            [
                .init("id", string), .init("tenant", string), .init("subject", string), .init("role", string),
                .init("groups", list(string)), .init("platform", flag),
            ] + more)
    }

    private static var trigger: JSON {
        let attempt = object([
            .init("number", integer), .init("startedAt", time.nullable), .init("durationMs", integer.nullable),
            .init("status", integer.nullable), .init("error", string.nullable), .init("response", string.nullable),
            .init("redrive", integer),
        ])
        return object(
            [.init("id", string), .init("state", string)],
            [
                .init("idempotencyKey", string), .init("schedule", string.nullable), .init("tenant", string),
                .init("kind", string),
                .init("occurrence", time), .init("plannedAt", time), .init("deadline", time),
                .init("reason", string.nullable), .init("attempts", list(attempt)),
                .init("latenessMs", integer.nullable), .init("revision", integer), .init("redrive", integer),
                .init("cancelRequested", flag), .init("count", integer), .init("lastOccurrence", time.nullable),
            ])
    }
}
