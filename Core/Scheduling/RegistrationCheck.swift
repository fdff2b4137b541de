package import Model

/// Finds out why a schedule would never run, so that it is refused at registration and not discovered a year later.
struct RegistrationCheck {
    let timing: Timing
    let zones: ZoneCatalog
    let now: Timestamp

    /// Empty for a schedule that will run.
    var errors: [FieldError] {
        let never = timing.when.indices.compactMap(neverFires)
        if !never.isEmpty { return never }
        if timing.next(atOrAfter: now, zones: zones) != nil { return [] }
        if timing.justPassed(registeredAt: now, zones: zones) != nil { return [] }
        if let until = timing.until, until < now { return [FieldError(pointer: "/until", detail: "has passed")] }
        return [remaining]
    }

    /// The mistake in an expression that names no date at all; nil if it names one.
    private func neverFires(_ index: Int) -> FieldError? {
        guard case .cron(let entry) = timing.when[index] else { return nil }
        let years = entry.expression.years
        let start = years.first.map { CivilDate(year: Int($0), month: 1, day: 1)!.secondsSinceEpoch } ?? now.seconds
        // In UTC, where no reading of the clock is skipped: what a zone skips is no mistake of the expression.
        guard CronWalk(entry: entry, zone: .utc).next(atOrAfter: start) == nil else { return nil }
        return FieldError(
            pointer: "/when/\(index)/cron",
            detail: "never fires: no date has \(RegistrationCheck.dateFields(of: entry.expression.text))")
    }

    /// What an expression says about the date, for a message.
    private static func dateFields(of text: String) -> String {
        let fields = CronParser.words(text).map(\.text)
        let first = fields.count == 5 ? 2 : 3
        let named = zip(["day-of-month", "month", "day-of-week", "year"], fields.dropFirst(first))
        return named.filter { $0.1 != "*" && $0.1 != "?" }.map { "\($0.0) \"\($0.1)\"" }.joined(separator: ", ")
    }

    private var remaining: FieldError {
        var bare = timing
        bare.except = []
        guard bare.next(atOrAfter: now, zones: zones) == nil else {
            return FieldError(pointer: "/except", detail: "leaves no occurrence within 10 years")
        }
        bare.until = nil
        if bare.next(atOrAfter: now, zones: zones) != nil {
            return FieldError(pointer: "/until", detail: "leaves no occurrence: the first would be after it")
        }
        bare.from = nil
        if bare.next(atOrAfter: now, zones: zones) != nil {
            return FieldError(pointer: "/from", detail: "leaves no occurrence: the last one is before it")
        }
        var pointer = "/when"
        if timing.when.count == 1, case .at = timing.when[0] { pointer = "/when/0/at" }
        return FieldError(pointer: pointer, detail: "lies in the past, it is \(now): nothing is left to run")
    }
}

extension Timing {
    /// How old an `at` may be and still run: clients say "now" by their own clocks.
    private static let grace: Duration = .seconds(60)

    /// The last `at` of a schedule that is registered up to a minute after it: it still runs.
    ///
    /// Nil if something else is left to run, if missed occurrences are skipped, or if the timing that this one replaces
    /// had it too.
    package func justPassed(registeredAt now: Timestamp, replacing old: Timing? = nil, zones: ZoneCatalog) -> Timestamp?
    {
        guard missed != .skip else { return nil }
        let compiled = CompiledTiming(self, zones: zones)
        guard compiled.next(atOrAfter: now) == nil else { return nil }
        let passed = when.compactMap { entry -> Timestamp? in
            guard case .at(let time) = entry, (now - Timing.grace..<now).contains(time) else { return nil }
            return compiled.next(atOrAfter: time) == time ? time : nil
        }.max()
        guard let passed, old?.next(atOrAfter: passed, zones: zones) != passed else { return nil }
        return passed
    }
}
