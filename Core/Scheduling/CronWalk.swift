import Model

/// A cron entry on its time zone.
///
/// Time is walked in stretches of one offset. Inside a stretch the wall clock is time plus offset; at its seams are the
/// readings that never come (gap) or come twice (overlap). All times are in seconds since the epoch.
struct CronWalk: Sendable {
    let entry: CronEntry
    let zone: TimeZone

    /// Beyond so many seconds (50 years of 366 days) nothing is searched: enough for February with five Sundays.
    static let reach: Int64 = 50 * 366 * 86_400

    /// The first occurrence at or after a second.
    func next(atOrAfter start: Int64) -> Int64? {
        let limit = start + CronWalk.reach
        var second = start
        while second < limit {
            let segment = zone.segment(at: second)
            if second == segment.start, shiftsInto(segment) { return second }
            let readings = readings(of: segment)
            let local = max(second + segment.offset, readings.lowerBound)
            let end = min(readings.upperBound, limit + segment.offset)
            if local < end, let match = entry.expression.next(from: local, before: end) {
                return match - segment.offset
            }
            second = segment.end
        }
        return nil
    }

    /// Whether a second's reading of the wall clock is named by the expression, whatever the policies.
    func excludes(_ second: Int64) -> Bool { entry.expression.matches(local: second + zone.segment(at: second).offset) }

    /// Where the excluded time around an excluded second ends, as far as it is known without a search; always later.
    func exclusionEnd(_ second: Int64) -> Int64 {
        let segment = zone.segment(at: second)
        return min(entry.expression.exclusionEnd(local: second + segment.offset) - segment.offset, segment.end)
    }

    /// Whether `second` begins a day of which every matching reading is an occurrence. Then the number of them is
    /// `matchesPerDay`, and this is the last.
    func lastOfWholeDay(startingWith second: Int64) -> Int64? {
        let segment = zone.segment(at: second)
        let local = second + segment.offset
        let midnight = floorDivide(local, 86_400) * 86_400
        let readings = readings(of: segment)
        guard local - midnight == entry.expression.firstOfDay, readings.lowerBound <= midnight,
            midnight + 86_400 <= readings.upperBound
        else { return nil }
        return midnight + entry.expression.lastOfDay - segment.offset
    }

    /// The readings in a stretch that count: those of an overlap count in one of its two stretches, or in both.
    private func readings(of segment: TimeZone.Segment) -> Range<Int64> {
        var lower = segment.start == .min ? .min : segment.start + segment.offset
        var upper = segment.end == .max ? .max : segment.end + segment.offset
        if entry.overlap == .first, segment.previousOffset > segment.offset {
            lower = segment.start + segment.previousOffset
        }
        if entry.overlap == .second, segment.nextOffset < segment.offset { upper = segment.end + segment.nextOffset }
        return lower..<max(lower, upper)
    }

    /// Whether an occurrence inside the gap before a stretch is moved to its first second.
    private func shiftsInto(_ segment: TimeZone.Segment) -> Bool {
        guard entry.gap == .shift, segment.previousOffset < segment.offset else { return false }
        let gap = segment.start + segment.previousOffset..<segment.start + segment.offset
        return entry.expression.next(from: gap.lowerBound, before: gap.upperBound) != nil
    }
}
