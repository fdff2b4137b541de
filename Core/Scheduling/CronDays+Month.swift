extension CronDays {
    /// The matching days of a month, bit n for day n.
    ///
    /// - Parameters:
    ///   - firstWeekday: day of the week of the 1st, from Sunday 0.
    ///   - length: number of days in the month.
    func matching(firstWeekday: Int, length: Int) -> UInt32 {
        let all = UInt32(truncatingIfNeeded: UInt64(1) << UInt64(length + 1) - 2)
        let month = monthDays | special(firstWeekday: firstWeekday, length: length)
        let week = byWeekday(firstWeekday: firstWeekday, length: length)
        return (isEither ? month | week : month & week) & all
    }

    /// The days named by `L`, `W` and their variants.
    private func special(firstWeekday: Int, length: Int) -> UInt32 {
        if fromLast == 0, nearestWeekday == 0, nearestToLast == 0, !lastWeekday { return 0 }
        var days: UInt32 = 0
        for offset in fromLast.setBits where offset < length { days |= 1 << UInt32(length - offset) }
        func nearest(_ day: Int) -> UInt32 {
            switch (firstWeekday + day - 1) % 7 {
            case 6: 1 << UInt32(day > 1 ? day - 1 : day + 2)
            case 0: 1 << UInt32(day < length ? day + 1 : day - 2)
            default: 1 << UInt32(day)
            }
        }
        for day in nearestWeekday.setBits where day <= length { days |= nearest(day) }
        for offset in nearestToLast.setBits where offset < length { days |= nearest(length - offset) }
        if lastWeekday {
            switch (firstWeekday + length - 1) % 7 {
            case 6: days |= 1 << UInt32(length - 1)
            case 0: days |= 1 << UInt32(length - 2)
            default: days |= 1 << UInt32(length)
            }
        }
        return days
    }

    private func byWeekday(firstWeekday: Int, length: Int) -> UInt32 {
        if weekdays == 0x7F { return ~1 }
        let turned = (UInt64(weekdays) << 7 | UInt64(weekdays)) >> UInt64(firstWeekday) & 0x7F
        // Repeats the week five times.
        var days = UInt32(truncatingIfNeeded: turned &* 0x1020_4081 << 1)
        for bit in nthWeekdays.setBits { days |= 1 << UInt32(first(bit / 5, firstWeekday) + bit % 5 * 7) }
        for weekday in lastWeekdays.setBits {
            let first = first(weekday, firstWeekday)
            days |= 1 << UInt32(first + (length - first) / 7 * 7)
        }
        return days
    }

    /// The first such day of the week in the month.
    private func first(_ weekday: Int, _ firstWeekday: Int) -> Int { 1 + (weekday - firstWeekday + 7) % 7 }
}

extension FixedWidthInteger {
    /// The positions of its one bits, ascending.
    var setBits: some Sequence<Int> {
        sequence(state: self) { rest in
            guard rest != 0 else { return nil }
            defer { rest &= rest - 1 }
            return rest.trailingZeroBitCount
        }
    }
}
