package import Model

extension Timing {
    /// The deadline of a one-off trigger that is placed exactly at its time.
    package func deadline(ofOneTime occurrence: Timestamp) -> Timestamp {
        Timestamp(
            microseconds: occurrence.microseconds + margin.usefulness(gap: nil, isAt: margin == .omitted))
    }

    /// The first occurrence after that time; nil if there is none. Compiles the timing: for many steps use
    /// `CompiledTiming`.
    package func next(after time: Timestamp, zones: ZoneCatalog) -> Timestamp? {
        CompiledTiming(self, zones: zones).next(after: time)
    }

    /// The first occurrence at or after that time; nil if there is none.
    package func next(atOrAfter time: Timestamp, zones: ZoneCatalog) -> Timestamp? {
        CompiledTiming(self, zones: zones).next(atOrAfter: time)
    }

    /// How many occurrences there are from one time through another; at least `limit` if there are more than that. Nil
    /// if counting takes more than 100,000 steps.
    ///
    /// Plain arithmetic for a sole `every`, and by days for a sole cron entry; anything else is counted one by one.
    package func count(from start: Timestamp, through end: Timestamp, limit: Int = .max, zones: ZoneCatalog) -> Int? {
        let steps = 100_000
        guard limit > 0 else { return 0 }
        let run = CompiledTiming(self, zones: zones)
            .run(from: start, before: end + .microseconds(1), steps: min(limit, steps))
        guard let run else { return 0 }
        return run.isWhole || run.count >= limit ? run.count : nil
    }

    /// How many more triggers a schedule with `maxTriggers` may plan, and from which occurrence on; nil: none, or no
    /// `maxTriggers`.
    ///
    /// Counts missed occurrences as a loader would: only those that run. It does not know what a loader that is
    /// catching up has planned ahead, nor the policy of a resume that no loader has seen yet: for those seconds the
    /// answer may be too low or too high.
    ///
    /// - Parameters:
    ///   - cursor: the first occurrence that is not planned.
    ///   - fired: triggers planned so far.
    package func remainder(
        cursor: Timestamp, fired: Int, now: Timestamp, zones: ZoneCatalog
    ) -> (next: Timestamp, triggers: Int)? {
        guard let maxTriggers else { return nil }
        var request = PlanRequest(timing: self, seed: 0, cursor: cursor, fired: fired)
        while true {
            let plan = PlanDraft(request, zones: zones, now: now, horizon: now).plan
            guard let next = plan.next, plan.fired < maxTriggers else { return nil }
            // Catch up in parts, without planning live occurrences twice.
            guard next < now, next > request.cursor else { return (next, maxTriggers - plan.fired) }
            (request.cursor, request.fired, request.ahead) = (next, plan.fired, plan.ahead)
        }
    }

    /// The next `count` occurrences after that time, ascending; fewer if the timing ends. Ignores `maxTriggers`, which
    /// counts triggers and not occurrences.
    package func upcoming(after time: Timestamp, count: Int, zones: ZoneCatalog) -> [Timestamp] {
        let timing = CompiledTiming(self, zones: zones)
        var times: [Timestamp] = []
        var time = time
        while times.count < count, let next = timing.next(after: time) {
            times.append(next)
            time = next
        }
        return times
    }
}
