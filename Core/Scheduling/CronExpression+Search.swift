import Model

/// Searches on the wall clock: `local` is seconds since 1970-01-01T00:00:00 as shown by the clock on the wall.
extension CronExpression {
    /// The first matching second from `local` on and before `end`; nil if there is none.
    func next(from local: Int64, before end: Int64) -> Int64? {
        let day = floorDivide(local, 86_400)
        var secondOfDay = Int(local - day * 86_400)
        let date = CivilDate(daysSinceEpoch: Int(day))
        var (year, month, firstDay) = (date.year, date.month, date.day)
        var monthStart = day - Int64(firstDay - 1)
        while monthStart * 86_400 < end {
            let length = CivilDate.days(inMonth: month, of: year)
            if months >> UInt16(month) & 1 == 1, includes(year: year) {
                var matching = days.matching(firstWeekday: weekday(monthStart), length: length)
                matching &= UInt32.max << UInt32(firstDay)
                while matching != 0 {
                    let found = matching.trailingZeroBitCount
                    if let second = time(from: found == firstDay ? secondOfDay : 0) {
                        let match = (monthStart + Int64(found - 1)) * 86_400 + Int64(second)
                        return match < end ? match : nil
                    }
                    matching &= matching - 1
                }
            }
            if let last = years.last, year > Int(last) { return nil }
            monthStart += Int64(length)
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
            (firstDay, secondOfDay) = (1, 0)
        }
        return nil
    }

    func matches(local: Int64) -> Bool {
        let day = floorDivide(local, 86_400)
        let second = Int(local - day * 86_400)
        return hours >> UInt32(second / 3_600) & 1 == 1 && minutes >> UInt64(second / 60 % 60) & 1 == 1
            && (!hasSeconds || seconds >> UInt64(second % 60) & 1 == 1) && matches(day: day)
    }

    /// The end of the second, minute, hour or day around a matching second, whichever the wildcard fields show to match
    /// throughout.
    func exclusionEnd(local: Int64) -> Int64 {
        let unit: Int64
        if hasSeconds, seconds != CronExpression.everySixtieth {
            unit = 1
        } else if minutes != CronExpression.everySixtieth {
            unit = 60
        } else {
            unit = hours == CronExpression.everyHour ? 86_400 : 3_600
        }
        return floorDivide(local, unit) * unit + unit
    }

    /// How many seconds of a matching day match.
    var matchesPerDay: Int { seconds.nonzeroBitCount * minutes.nonzeroBitCount * hours.nonzeroBitCount }

    /// The first matching second of a matching day.
    var firstOfDay: Int64 {
        Int64(
            hours.trailingZeroBitCount * 3_600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount)
    }

    /// The last matching second of a matching day.
    var lastOfDay: Int64 {
        Int64(
            (31 - hours.leadingZeroBitCount) * 3_600 + (63 - minutes.leadingZeroBitCount) * 60
                + (63 - seconds.leadingZeroBitCount))
    }

    private static let everySixtieth: UInt64 = 1 << 60 - 1
    private static let everyHour: UInt32 = 1 << 24 - 1

    private func matches(day: Int64) -> Bool {
        let date = CivilDate(daysSinceEpoch: Int(day))
        guard months >> UInt16(date.month) & 1 == 1, includes(year: date.year) else { return false }
        let matching = days.matching(
            firstWeekday: weekday(day - Int64(date.day - 1)),
            length: CivilDate.days(inMonth: date.month, of: date.year))
        return matching >> UInt32(date.day) & 1 == 1
    }

    private func includes(year: Int) -> Bool { years.isEmpty || years.contains { Int($0) == year } }

    private func weekday(_ day: Int64) -> Int {
        let weekday = Int((day + 4) % 7)
        return weekday < 0 ? weekday + 7 : weekday
    }

    /// The first matching second of a day at or after one; nil if there is none.
    private func time(from second: Int) -> Int? {
        var (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60)
        if hours >> UInt32(hour) & 1 == 1 {
            if minutes >> UInt64(minute) & 1 == 1 {
                let rest = seconds & UInt64.max << UInt64(second)
                if rest != 0 { return hour * 3_600 + minute * 60 + rest.trailingZeroBitCount }
            }
            minute += 1
            let rest = minutes & UInt64.max << UInt64(minute)
            if rest != 0 { return hour * 3_600 + rest.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount }
        }
        hour += 1
        let rest = hours & UInt32.max << UInt32(hour)
        guard rest != 0 else { return nil }
        minute = minutes.trailingZeroBitCount
        second = seconds.trailingZeroBitCount
        return rest.trailingZeroBitCount * 3_600 + minute * 60 + second
    }
}
