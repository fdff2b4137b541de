package import Model

extension Timing {
    /// When a trigger of an exact time, placed there, is no longer useful.
    package func deadline(ofOneTime occurrence: Timestamp) -> Timestamp {
        Timestamp(
            microseconds: occurrence.microseconds + margin.usefulness(gap: nil, isAt: margin == .omitted))
    }

    /// The first occurrence after that time; nil for none. Compiles the timing: for many steps use `CompiledTiming`.
    package func next(after time: Timestamp, zones: ZoneCatalog) -> Timestamp? {
        CompiledTiming(self, zones: zones).next(after: time)
    }

    /// The first occurrence at or after that time; nil for none.
    package func next(atOrAfter time: Timestamp, zones: ZoneCatalog) -> Timestamp? {
        CompiledTiming(self, zones: zones).next(atOrAfter: time)
    }

    /// How many occurrences there are from one time on through another; of more than `limit`, at least so many. Nil: it takes
    /// more than 100,000 steps to say.
    ///
    /// Plain arithmetic for a sole `every`, and for a sole cron entry by days; anything else is counted one by one.
    package func count(from start: Timestamp, through end: Timestamp, limit: Int = .max, zones: ZoneCatalog) -> Int? {
        let steps = 100_000
        guard limit > 0 else { return 0 }
        let run = CompiledTiming(self, zones: zones)
            .run(from: start, before: end + .microseconds(1), steps: min(limit, steps))
        guard let run else { return 0 }
        return run.isWhole || run.count >= limit ? run.count : nil
    }

    /// What a schedule with `maxTriggers` may still run, of what is not planned yet; nil: nothing.
    ///
    /// What is missed by now counts as a loader would count it: only what runs. It knows neither what a loader that is catching up has
    /// planned ahead nor the policy of a resume that no loader has seen yet: for those seconds it says less or more.
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
            // Catching up in parts; live ones are not planned twice.
            guard next < now, next > request.cursor else { return (next, maxTriggers - plan.fired) }
            (request.cursor, request.fired, request.ahead) = (next, plan.fired, plan.ahead)
        }
    }

    /// The next `count` occurrences after that time, in ascending order; fewer where the timing ends. `maxTriggers` is not
    /// applied, as it counts triggers and not occurrences.
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
