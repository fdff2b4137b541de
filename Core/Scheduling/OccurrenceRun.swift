import Model

/// Consecutive occurrences.
struct OccurrenceRun: Hashable, Sendable {
    /// At least 1.
    var count: Int
    var first: Timestamp
    var last: Timestamp
    /// False if counting stopped early and there are more.
    var isWhole = true
}

extension CompiledTiming {
    /// The occurrences from one time on and before another; nil if there are none.
    ///
    /// Plain arithmetic for a sole `every`; a sole cron entry is counted by days, anything else one by one.
    ///
    /// - Parameter steps: how often it may look for the next occurrence or day.
    func run(from start: Timestamp, before end: Timestamp, steps: Int = .max) -> OccurrenceRun? {
        guard start < end, let first = next(atOrAfter: start), first < end else { return nil }
        if let every = soleEvery {
            let last = every.last(before: bounded(end))
            return OccurrenceRun(count: every.count(from: first, through: last), first: first, last: last)
        }
        var run = OccurrenceRun(count: 1, first: first, last: first)
        var left = steps
        while left > 0 {
            left -= 1
            if let walk = soleCron, let last = walk.lastOfWholeDay(startingWith: run.last.seconds),
                Timestamp(seconds: last) < bounded(end)
            {
                run.count += walk.entry.expression.matchesPerDay - 1
                run.last = Timestamp(seconds: last)
            }
            guard let next = next(after: run.last), next < end else { return run }
            run.count += 1
            run.last = next
        }
        run.isWhole = false
        return run
    }
}
