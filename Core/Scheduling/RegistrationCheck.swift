package import Model

/// Says why a schedule would never run, so that it is refused when it is registered and not found out a year later.
struct RegistrationCheck {
    let timing: Timing
    let zones: ZoneCatalog
    let now: Timestamp

    /// An `at` may be so old: clients say "now" by their own clocks.
    static let grace: Duration = .seconds(60)

    /// Empty for a schedule that will run.
    var errors: [FieldError] {
        let never = timing.when.indices.compactMap(neverFires)
        if !never.isEmpty { return never }
        if timing.firstOccurrence(registeredAt: now, zones: zones) != nil { return [] }
        if let until = timing.until, until < now { return [FieldError(pointer: "/until", detail: "has passed")] }
        return [remaining]
    }

    /// A mistake in an expression that names no date at all.
    private func neverFires(_ index: Int) -> FieldError? {
        guard case .cron(let entry) = timing.when[index] else { return nil }
        let years = entry.expression.years
        let start = years.first.map { CivilDate(year: Int($0), month: 1, day: 1)!.secondsSinceEpoch } ?? now.seconds
        // In UTC, where no reading of the clock is skipped: what the zone skips is no mistake of the expression.
        guard CronWalk(entry: entry, zone: .utc).next(atOrAfter: start) == nil else { return nil }
        return FieldError(
            pointer: "/when/\(index)/cron", detail: "never fires: there is no such date, such as February 30th")
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
        return FieldError(pointer: "/when", detail: "lies in the past: nothing is left to run")
    }
}

extension Timing {
    /// The first occurrence of a schedule registered at that time: also one of the last minute where nothing else is left,
    /// so that an `at` that says "now" by a client's clock is not too late.
    package func firstOccurrence(registeredAt now: Timestamp, zones: ZoneCatalog) -> Timestamp? {
        CompiledTiming(self, zones: zones).firstOccurrence(registeredAt: now)
    }
}

extension CompiledTiming {
    package func firstOccurrence(registeredAt now: Timestamp) -> Timestamp? {
        next(atOrAfter: now) ?? next(atOrAfter: now - RegistrationCheck.grace)
    }
}
