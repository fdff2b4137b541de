import Model

extension Timing {
    /// How many entries `when` and `except` may each have.
    static let maximumEntries = 100

    /// Reads the fields of a schedule's document that say when it runs; adds every mistake to `fields`, and is nil if
    /// there is one.
    init?(_ fields: inout JSONFields, identity: ScheduleIdentity, zones: ZoneCatalog) {
        let before = fields.errors.count
        let context = CalendarEntry.Context(seed: identity.seed, zones: zones)
        let when = Timing.entries(&fields, "when", context)
        if fields.errors.count == before, when.isEmpty, !fields.isDescribing {
            fields.fail("when", "is required: a list of entries such as {\"every\": \"1h\"}")
        }
        let except = Timing.entries(&fields, "except", context)
        let margin = fields.optional("margin", Timing.marginType)
        let spread = fields.optional("spread", .choice(Spread.self))
        if margin == nil, let spread, spread != .none { fields.fail("spread", "needs a margin to spread in") }
        let missed = fields.optional("missed", .choice(MissedPolicy.self).defaulting("last"))
        let overlap = fields.optional("overlap", Timing.overlapType.defaulting("allow"))
        // Occurrences are whole milliseconds, so rounding changes none of them, and the bounds are written as they are
        // read.
        let from = fields.optional("from", .time).map { min($0.ceiledToMillisecond, .distantFuture) }
        let until = fields.optional("until", .time)?.flooredToMillisecond
        if let from, let until, until < from { fields.fail("until", "is before from") }
        let maxTriggers = fields.optional("maxTriggers", .integer(1...Int.max))
        guard fields.errors.count == before else { return nil }
        self.init(
            when: when, except: except, margin: margin ?? .omitted, spread: spread, missed: missed ?? .last,
            overlap: overlap ?? .allow, from: from, until: until, maxTriggers: maxTriggers)
    }

    /// The members that `init(_:identity:zones:)` reads, with all defaults filled in.
    var jsonMembers: [JSON.Member] {
        [
            JSON.Member("when", .array(when.map(\.json))), JSON.Member("except", .array(except.map(\.json))),
            JSON.Member("margin", margin.json), JSON.Member("spread", .string("\(spread)")),
            JSON.Member("missed", .string("\(missed)")), JSON.Member("overlap", overlap.json),
            JSON.Member("from", .optional(from, JSON.time)), JSON.Member("until", .optional(until, JSON.time)),
            JSON.Member("maxTriggers", .optional(maxTriggers) { .integer($0) }),
        ]
    }

    private static func entries(
        _ fields: inout JSONFields, _ name: String, _ context: CalendarEntry.Context
    ) -> [CalendarEntry] {
        fields.describe(
            name,
            [
                "type": "array", "minItems": name == "when" ? 1 : 0, "maxItems": .integer(maximumEntries),
                "items": CalendarEntry.schema(context),
            ], isRequired: name == "when")
        guard let values = fields.optional(name, "a list of entries", \.elements) else { return [] }
        if values.count > maximumEntries {
            fields.fail(name, "has \(values.count) entries; at most \(maximumEntries) are allowed")
            return []
        }
        var errors: [FieldError] = []
        let entries = values.enumerated().compactMap { index, value in
            CalendarEntry(value, at: "\(fields.pointer(to: name))/\(index)", context, errors: &errors)
        }
        fields.add(errors)
        return entries
    }

    private static let marginType = FieldType<Margin>(
        "a duration up to 7d, or a share such as \"25%\"", schema: ["type": "string", "format": "margin"],
        read: { Margin(json: $0) })
    /// The schema has what every action allows: the others are for flow actions alone, which a schema of one field cannot
    /// say.
    private static let overlapType = FieldType<OverlapPolicy>(
        "allow, skip, cancel, queue or {\"queue\": n} with n from 1 to 1000",
        schema: ["type": "string", "enum": ["allow"]],
        read: { OverlapPolicy(json: $0) })
}
