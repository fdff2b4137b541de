import Model

extension CalendarEntry {
    /// What entries need besides their document: the schedule's seed, and time zones.
    struct Context {
        var seed: UInt64
        var zones: ZoneCatalog
    }

    /// Reads `{"every"}`, `{"cron"}` or `{"at"}`; appends every mistake, and is nil if there is one.
    init?(_ value: JSON, at pointer: String, _ context: Context, errors: inout [FieldError]) {
        var fields = JSONFields(value, at: pointer)
        defer { errors += fields.errors }
        guard let members = value.members else { return nil }
        let kinds = ["every", "cron", "at"].filter { kind in members.contains { $0.name == kind } }
        guard kinds.count == 1 else {
            fields.add([FieldError(pointer: pointer, detail: "expected exactly one of every, cron and at")])
            for name in ["every", "anchor", "cron", "timeZone", "dialect", "dst", "at"] { _ = fields.raw(name) }
            fields.finish()
            return nil
        }
        let entry: CalendarEntry?
        switch kinds[0] {
        case "every": entry = Every(&fields, seed: context.seed).map { .every($0) }
        case "cron": entry = CronEntry(&fields, context).map { .cron($0) }
        default: entry = CalendarEntry.at(&fields)
        }
        fields.finish()
        guard fields.errors.isEmpty, let entry else { return nil }
        self = entry
    }

    private static func at(_ fields: inout JSONFields) -> CalendarEntry? {
        fields.required("at", .time).map { .at($0.flooredToMillisecond) }
    }

    /// The JSON Schema of an entry: any of the three kinds.
    static func schema(_ context: Context) -> JSON {
        [
            "anyOf": [
                JSONFields.schema { _ = Every(&$0, seed: 0) }, JSONFields.schema { _ = CronEntry(&$0, context) },
                JSONFields.schema { _ = CalendarEntry.at(&$0) },
            ]
        ]
    }

    /// The document that `init(_:at:_:errors:)` reads, with all defaults filled in.
    var json: JSON {
        switch self {
        case .every(let every):
            [
                "every": .string(Duration.milliseconds(every.period).text),
                "anchor": .time(Timestamp(milliseconds: every.anchor)),
            ]
        case .cron(let entry):
            [
                "cron": .string(entry.expression.text), "timeZone": .string(entry.timeZone),
                "dialect": .string("\(entry.expression.dialect)"),
                "dst": ["gap": .string("\(entry.gap)"), "overlap": .string("\(entry.overlap)")],
            ]
        case .at(let time): ["at": .time(time)]
        }
    }
}

extension Every {
    /// Accepts a period of any length; the bounds are checked apart, so that the mistake can name the length.
    private static let periodType = FieldType<Duration>(
        "a duration from 1s to 3652d12h in whole milliseconds, such as \"90s\"",
        schema: ["type": "string", "format": "duration:1s..3652d12h"]
    ) { value in value.text.flatMap { Duration(text: $0) } }

    /// Without an anchor it is the schedule's own offset within the period.
    fileprivate init?(_ fields: inout JSONFields, seed: UInt64) {
        let period = fields.required("every", Every.periodType)
        if let period, !Every.periods.contains(period) {
            fields.fail("every", "\(period.text) is not between 1s and 3652d12h (10 years)")
        } else if let period, period.microseconds % 1_000 != 0 {
            fields.fail("every", "\(period.text) is not a whole number of milliseconds")
        }
        let anchor = fields.optional("anchor", .time)
        guard fields.errors.isEmpty, let period else { return nil }
        let own = Timestamp(milliseconds: Int64(seed % UInt64(period.milliseconds)))
        self.init(period: period, anchor: anchor ?? own)
    }
}

extension CronEntry {
    /// Of an expression, in bytes; seven fields that list every value each are shorter.
    static let maximumLength = 2_000

    fileprivate init?(_ fields: inout JSONFields, _ context: CalendarEntry.Context) {
        let text = fields.required("cron", .format("cron", "a cron expression, such as \"30 2 * * *\""))
        let dialect = fields.optional("dialect", .choice(CronExpression.Dialect.self).defaulting("unix"))
        let zoneType = FieldType.format("time-zone", "the name of a time zone, such as \"Europe/Berlin\"")
        let timeZone = fields.optional("timeZone", zoneType.defaulting("UTC")) ?? "UTC"
        if !fields.isDescribing, context.zones.zone(timeZone) == nil {
            let near = context.zones.namesNear(timeZone).joined(separator: " or ")
            fields.fail("timeZone", "there is no such time zone\(near.isEmpty ? "" : "; did you mean \(near)?")")
        }
        let (gap, overlap) = CronEntry.policies(&fields)
        var expression: CronExpression?
        if let text, text.utf8.count > CronEntry.maximumLength {
            fields.fail("cron", "is \(text.utf8.count) bytes; at most \(CronEntry.maximumLength) are allowed")
        } else if let text {
            do throws(CronError) {
                expression = try CronExpression(text, dialect: dialect ?? .unix, seed: context.seed)
            } catch {
                fields.fail("cron", "\(error)")
            }
        }
        guard fields.errors.isEmpty, let expression else { return nil }
        self.init(expression, timeZone: timeZone, gap: gap, overlap: overlap)
    }

    private static func policies(_ fields: inout JSONFields) -> (Gap?, Overlap?) {
        fields.object("dst") { inner in
            (inner.optional("gap", .choice(Gap.self)), inner.optional("overlap", .choice(Overlap.self)))
        } ?? (nil, nil)
    }
}
