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

    /// How many occurrences there are from one time on through another. Of a longer stretch the first year is counted.
    package func count(from start: Timestamp, through end: Timestamp, zones: ZoneCatalog) -> Int {
        let end = min(end, start + .seconds(366 * 86_400))
        return CompiledTiming(self, zones: zones).run(from: start, before: end + .microseconds(1))?.count ?? 0
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
