package import Model

extension Timing {
    /// What is legal but may be a mistake: steps that do not do what they seem to, day fields combined by "or", times
    /// that the clocks skip.
    package func warnings(zones: ZoneCatalog, now: Timestamp) -> [FieldError] {
        var warnings: [FieldError] = []
        for (name, entries) in [("when", when), ("except", except)] {
            for (index, entry) in entries.enumerated() {
                guard case .cron(let cron) = entry else { continue }
                var details = cron.expression.stepWarnings
                if cron.expression.days.isEither {
                    details.append(
                        "day-of-month and day-of-week are both restricted: it names days that match either, as in cron")
                }
                if name == "when", let zone = zones.zone(cron.timeZone), let skipped = cron.skipWarning(zone, now) {
                    details.append(skipped)
                }
                warnings += details.map { FieldError(pointer: "/\(name)/\(index)/cron", detail: $0) }
            }
        }
        return warnings
    }
}

extension CronExpression {
    /// Warnings about steps that reach past the end of their field, or do not divide it.
    var stepWarnings: [String] {
        let parser = CronParser(dialect: dialect, seed: 0)
        // It was parsed before, so this does not fail.
        guard let fields = try? parser.fields(text) else { return [] }
        return fields.flatMap { field in
            field.field == .years ? [] : field.split(",").compactMap { parser.stepWarning($0) }
        }
    }
}

extension CronParser {
    fileprivate func stepWarning(_ item: Token) -> String? {
        let parts = item.split("/", maximum: 1)
        guard parts.count == 2, let step = Int(parts[1].text), let field = item.field else { return nil }
        let range = field.values(dialect)
        let base = parts[0]
        var (first, last, isOpen) = (range.lowerBound, range.upperBound, true)
        if base.text != "*", !base.text.isEmpty {
            let ends = base.split("-", maximum: 1)
            // `H` and `~` are spread over their range by their own rule.
            guard let start = try? number(ends[0]) else { return nil }
            first = range.contains(start) ? start : range.lowerBound
            if ends.count == 2, let end = try? number(ends[1]) {
                last = end < first ? end + range.count : end
                isOpen = false
            }
        }
        let place = "\(field.name) \"\(item.text)\""
        if step > last - first { return "\(place): the step reaches past the end, so that it names \(first) alone" }
        let end = first + (last - first) / step * step
        let gap = range.count - (end - first)
        guard isOpen, gap != step else { return nil }
        if field == .dayOfMonth { return "\(place): it begins anew in each month, so that the steps are uneven" }
        return "\(place): \(step) does not divide the field: from \(end) on it is \(gap) to the next one; "
            + "{\"every\": …} has even steps"
    }
}

extension CronEntry {
    /// How far ahead changes of the clocks are looked for.
    private static let lookahead: Int64 = 5 * 366 * 86_400

    /// A warning about the first time of day that the clocks jump over; nil if there is none, and for entries that run
    /// every hour.
    fileprivate func skipWarning(_ zone: TimeZone, _ now: Timestamp) -> String? {
        guard expression.hours != 1 << 24 - 1 else { return nil }
        var segment = zone.segment(at: now.seconds)
        while segment.end < now.seconds + CronEntry.lookahead {
            let (start, end) = (segment.end + segment.offset, segment.end + segment.nextOffset)
            if start < end, let skipped = expression.next(from: start, before: end) {
                let date = Timestamp(seconds: skipped).description.prefix(10)
                let what =
                    gap == .shift
                    ? "it runs at \(CronEntry.clock(end)) then; \"dst\": {\"gap\": \"skip\"} leaves it out"
                    : "it does not run then; \"dst\": {\"gap\": \"shift\"} makes up for it"
                return "in \(timeZone) there is no \(CronEntry.clock(skipped)) on \(date): \(what)"
            }
            segment = zone.segment(at: segment.end)
        }
        return nil
    }

    /// The time of day of a reading of the clock: `02:30`.
    private static func clock(_ local: Int64) -> Substring {
        Timestamp(seconds: local).description.dropFirst(11).prefix(5)
    }
}
