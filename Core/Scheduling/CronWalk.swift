import Model

/// The occurrences of a cron entry in its time zone.
///
/// Time is walked in segments of constant offset. Within a segment the wall clock is time plus offset; at its ends are
/// the readings that never come (gap) or come twice (overlap). All times are in seconds since the epoch.
struct CronWalk: Sendable {
    let entry: CronEntry
    let zone: TimeZone

    /// How far to search: 50 years of 366 days, enough for a February with five Sundays.
    private static let reach: Int64 = 50 * 366 * 86_400

    /// The first occurrence at or after a second; nil if there is none: within 50 years for an expression of every
    /// year, in any of its years for one that names them.
    func next(atOrAfter start: Int64) -> Int64? {
        let years = entry.expression.years
        if years.isEmpty { return next(atOrAfter: start, before: start + CronWalk.reach) }
        for year in years {
            let end = CronWalk.secondOfJanuary(Int(year) + 1)
            guard end > start else { continue }
            // On December 30th it is the year before in every time zone.
            let begin = max(start, CronWalk.secondOfJanuary(Int(year)) - 3 * 86_400)
            if let found = next(atOrAfter: begin, before: end) { return found }
        }
        return nil
    }

    private func next(atOrAfter start: Int64, before limit: Int64) -> Int64? {
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

    /// The start of January 2nd in UTC, when the year has begun in every time zone.
    private static func secondOfJanuary(_ year: Int) -> Int64 {
        CivilDate(year: year, month: 1, day: 2)!.secondsSinceEpoch
    }

    /// Whether the expression names the wall clock's reading at a second, whatever the policies.
    func excludes(_ second: Int64) -> Bool { entry.expression.matches(local: second + zone.segment(at: second).offset) }

    /// Where the excluded time around an excluded second ends, as far as known without a search; always later than the
    /// second.
    func exclusionEnd(_ second: Int64) -> Int64 {
        let segment = zone.segment(at: second)
        return min(entry.expression.exclusionEnd(local: second + segment.offset) - segment.offset, segment.end)
    }

    /// The last occurrence of the day that `second` begins, if every matching reading of that day is an occurrence; nil
    /// otherwise. The day then has `matchesPerDay` occurrences.
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

    /// The wall-clock readings that count in a segment: those of an overlap count in one of its two segments, or in
    /// both.
    private func readings(of segment: TimeZone.Segment) -> Range<Int64> {
        var lower = segment.start == .min ? .min : segment.start + segment.offset
        var upper = segment.end == .max ? .max : segment.end + segment.offset
        if entry.overlap == .first, segment.previousOffset > segment.offset {
            lower = segment.start + segment.previousOffset
        }
        if entry.overlap == .second, segment.nextOffset < segment.offset { upper = segment.end + segment.nextOffset }
        return lower..<max(lower, upper)
    }

    /// Whether an occurrence in the gap before a segment is shifted to the segment's first second.
    private func shiftsInto(_ segment: TimeZone.Segment) -> Bool {
        guard entry.gap == .shift, segment.previousOffset < segment.offset else { return false }
        let gap = segment.start + segment.previousOffset..<segment.start + segment.offset
        return entry.expression.next(from: gap.lowerBound, before: gap.upperBound) != nil
    }
}
