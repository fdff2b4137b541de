package import Model

extension Timing {
    /// How many occurrences lie in each of `steps` stretches of time in a row, from `start` on.
    ///
    /// Plain arithmetic for a sole `every`, and for a sole cron entry by days; anything else is counted one by one.
    package func counts(from start: Timestamp, step: Duration, steps: Int, zones: ZoneCatalog) -> [Int] {
        let timing = CompiledTiming(self, zones: zones)
        return (0..<steps).map { index in
            timing.run(from: start + step * index, before: start + step * (index + 1))?.count ?? 0
        }
    }
}
