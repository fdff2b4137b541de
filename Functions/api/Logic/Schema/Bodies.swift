import Model
import Scheduling

/// The bodies of calls. Each reader here runs in two ways: with a document, which it reads, and without one, to
/// describe its fields as a schema.
enum Bodies {
    static func reason(_ fields: inout JSONFields) -> String? {
        let type = FieldType.text(0...500, "a text for whoever sees the pause")
        let reason = fields.optional("reason", type)
        if reason == TenantSettings.pauseReason { fields.fail("reason", "is what Headgate says of a paused tenant") }
        return reason
    }

    static func missed(_ fields: inout JSONFields) -> MissedPolicy? {
        fields.optional("missed", .choice(MissedPolicy.self))
    }

    static func backfill(_ fields: inout JSONFields) -> (from: Timestamp?, to: Timestamp?) {
        (fields.required("from", .time), fields.required("to", .time))
    }

    static func redrive(_ fields: inout JSONFields) -> (limit: Int, rate: Double?) {
        (
            fields.optional("limit", .integer(1...10_000).defaulting(1_000)) ?? 1_000,
            fields.optional("ratePerSecond", .number(0.001...1_000_000))
        )
    }

    struct Key {
        var subject: String?
        var role: Role?
        var tenant: TenantID?
        var groups: [String]?
        var isPlatform: Bool
    }

    static func key(_ fields: inout JSONFields) -> Key {
        let groups = FieldType<[String]>(
            "a list of at most 100 names, each \(NameRule.tenant.requirement)",
            schema: ["type": "array", "maxItems": 100, "items": NameRule.tenant.schema]
        ) { value in
            guard let elements = value.elements, elements.count <= 100 else { return nil }
            let names = elements.compactMap(\.text).filter { NameRule.tenant.accepts($0) }
            return names.count == elements.count ? names : nil
        }
        return Key(
            subject: fields.required("subject", .text(1...200, "who holds the key")),
            role: fields.optional("role", .choice(Role.self).defaulting("viewer")),
            tenant: fields.optional("tenant", .name(.tenant, "a tenant's name")).map { TenantID(checked: $0) },
            groups: fields.optional("groups", groups),
            isPlatform: fields.optional("platform", .flag.defaulting(false)) ?? false)
    }

    static func secret(_ fields: inout JSONFields) -> (value: String?, keepPrevious: Duration?) {
        let value = FieldType.text(1...4_096, "the value, without CR and LF", excluding: [0, 10, 13])
        return (
            fields.required("value", value),
            fields.optional("keepPrevious", .duration(.zero...(.seconds(30 * 86_400))).defaulting("1d"))
        )
    }

    /// The one field of a single trigger that a schedule does not have; the others are read as a schedule's.
    static func triggerTime(_ fields: inout JSONFields) -> Timestamp? { fields.optional("at", .time) }

    /// All schemas by name, for `components`.
    static let schemas: [JSON.Member] =
        [
            .init("ScheduleDocument", scheduleDocument),
            .init("ImportLine", importLine),
            .init("TriggerDocument", trigger),
            .init("Pause", JSONFields.schema { _ = reason(&$0) }),
            .init("Resume", JSONFields.schema { _ = missed(&$0) }),
            .init("Backfill", JSONFields.schema { _ = backfill(&$0) }),
            .init("Redrive", JSONFields.schema { _ = redrive(&$0) }),
            .init("NewKey", JSONFields.schema { _ = key(&$0) }),
            .init("SecretValue", JSONFields.schema { _ = secret(&$0) }),
            .init("TenantSettings", tenantSettings),
        ] + flowSchemas

    private static var scheduleDocument: JSON {
        let shown = ReadOnlyFields.schedule.sorted().map { name in
            JSON.Member(name, ["readOnly": true, "description": "as it was shown; see the documentation"])
        }
        return ScheduleSpec.schema().adding(
            [.init("name", ["type": "string", "description": "the name in the path, or left out"])] + shown)
    }

    /// A line of an import: a schedule's document with its name, and perhaps its tenant.
    private static var importLine: JSON {
        let own: [JSON.Member] = [.init("name", NameRule.schedule.schema), .init("tenant", NameRule.tenant.schema)]
        let shown = ReadOnlyFields.schedule.subtracting(["tenant"]).sorted().map { name in
            JSON.Member(name, ["readOnly": true, "description": "as it was shown; see the documentation"])
        }
        let line = ScheduleSpec.schema().adding(own + shown)
        let required = (line["required"]?.elements ?? []) + ["name"]
        return .object(
            (line.members ?? []).filter { $0.name != "required" } + [JSON.Member("required", .array(required))])
    }

    private static var tenantSettings: JSON {
        let shown = ReadOnlyFields.tenant.sorted().map { name in
            JSON.Member(name, ["readOnly": true, "description": "as it was shown"])
        }
        return JSONFields.schema { _ = TenantSettings(&$0) }.adding(shown)
    }

    private static var trigger: JSON {
        let schedule = ScheduleSpec.schema()["properties"]
        let members = ["action", "margin", "retry"].compactMap { name in
            schedule?[name].map { JSON.Member(name, $0) }
        }
        return JSON.object([
            .init("type", "object"), .init("properties", .object(members)), .init("required", ["action"]),
            .init("additionalProperties", false),
        ]).adding(JSONFields.schema { _ = triggerTime(&$0) }["properties"]?.members ?? [])
    }
}

extension JSON {
    /// An object's schema with further properties.
    func adding(_ properties: [Member]) -> JSON {
        .object(
            (members ?? []).map { member in
                member.name == "properties"
                    ? Member("properties", .object((member.value.members ?? []) + properties)) : member
            })
    }
}
