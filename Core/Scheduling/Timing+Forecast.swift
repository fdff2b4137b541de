package import Model

extension Timing {
    /// How many occurrences lie in each of `steps` consecutive stretches of time, from `start` on.
    ///
    /// Plain arithmetic for a sole `every`, and by days for a sole cron entry; anything else is counted one by one.
    ///
    /// - Parameters:
    ///   - since: earlier occurrences are left out.
    ///   - remainder: from when on occurrences count against `maxTriggers`, and how many are left; nil: no limit.
    package func counts(
        from start: Timestamp, step: Duration, steps: Int, since: Timestamp = .distantPast,
        remainder: (next: Timestamp, triggers: Int)? = nil, zones: ZoneCatalog
    ) -> [Int] {
        let timing = CompiledTiming(self, zones: zones)
        var left = remainder?.triggers ?? .max
        // A stretch without occurrences is skipped, not searched step by step.
        var next = timing.next(atOrAfter: max(start, since))
        return (0..<steps).map { index in
            let (begin, end) = (max(start + step * index, since), start + step * (index + 1))
            guard let first = next, first < end else { return 0 }
            next = timing.next(atOrAfter: end)
            let free = timing.run(from: begin, before: min(end, remainder?.next ?? begin))?.count ?? 0
            guard left > 0 else { return free }
            let counted = timing.run(from: max(begin, remainder?.next ?? begin), before: end)?.count ?? 0
            defer { left -= min(left, counted) }
            return free + min(left, counted)
        }
    }
}
