package import Model

extension TimeZone {
    /// Which time a reading of the wall clock stands for.
    package enum Resolution: Hashable, Sendable {
        /// The usual case: one time has that reading.
        case once(Timestamp)
        /// The clocks jump over it, at that time.
        case never(transition: Timestamp)
        /// The clocks are put back, so it comes twice.
        case twice(first: Timestamp, second: Timestamp)
    }

    /// Resolves a reading of the wall clock, given in seconds since 1970-01-01T00:00:00 on that clock.
    package func resolve(local: Int64) -> Resolution {
        // No place is more than a day from UTC, and changes of one place are further apart than that.
        var found: [Timestamp] = []
        var segment = segment(at: local - 93_600)
        while true {
            let second = local - segment.offset
            if segment.start <= second, second < segment.end { found.append(Timestamp(seconds: second)) }
            guard segment.end <= local + 93_600 else { break }
            let isGap = segment.end + segment.offset <= local && local < segment.end + segment.nextOffset
            if isGap { return .never(transition: Timestamp(seconds: segment.end)) }
            segment = self.segment(at: segment.end)
        }
        guard let first = found.first, let last = found.last else { preconditionFailure("no reading of \(local)") }
        return first == last ? .once(first) : .twice(first: first, second: last)
    }
}
