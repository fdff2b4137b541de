import Model

extension CronParser {
    /// Combines both day fields. `?`, and anything that begins with `*`, leaves a field open: then the other alone
    /// decides.
    func days(month: Token, week: Token) throws(CronError) -> CronDays {
        if dialect == .quartz, (month.text == "?") == (week.text == "?") {
            throw week.failure("the quartz dialect needs ? in exactly one of day-of-month and day-of-week")
        }
        var days = CronDays()
        for item in month.split(",") { try add(dayOfMonth: item, alone: item.text == month.text, to: &days) }
        for item in week.split(",") { try add(dayOfWeek: item, alone: item.text == week.text, to: &days) }
        let isOpen = [month, week].map { $0.text.hasPrefix("*") || $0.text == "?" }
        days.isEither = dialect == .unix && !isOpen[0] && !isOpen[1]
        return days
    }

    private func add(dayOfMonth item: Token, alone: Bool, to days: inout CronDays) throws(CronError) {
        let text = item.text
        if text == "?", alone {
            days.monthDays = ~1
        } else if text == "L" {
            days.fromLast |= 1
        } else if text == "LW" || text == "WL" {
            days.lastWeekday = true
        } else if text.hasPrefix("L-") {
            let isNearest = text.hasSuffix("W")
            guard let offset = Int(text.dropFirst(2).dropLast(isNearest ? 1 : 0)), (1...30).contains(offset) else {
                throw item.failure(
                    "expected L-1 to L-30 (days before the last of the month), or L-3W for the weekday nearest to it"
                )
            }
            if isNearest { days.nearestToLast |= 1 << UInt32(offset) } else { days.fromLast |= 1 << UInt32(offset) }
        } else if text.hasSuffix("W") {
            let day = try number(Token(text: text.dropLast(), column: item.column, field: item.field))
            days.nearestWeekday |= 1 << UInt32(day)
        } else {
            for day in try values(item: item) { days.monthDays |= 1 << UInt32(day) }
        }
    }

    private func add(dayOfWeek item: Token, alone: Bool, to days: inout CronDays) throws(CronError) {
        let text = item.text
        if text == "?", alone {
            days.weekdays = 0x7F
        } else if text == "L" {
            guard dialect == .quartz else { throw item.failure("name the weekday: 5L is the last Friday of the month") }
            days.weekdays |= 1 << 6
        } else if text.contains("#") {
            let parts = item.split("#", maximum: 1)
            guard let nth = Int(parts[1].text), (1...5).contains(nth) else {
                throw parts[1].failure("expected 1 to 5: 6#3 is the third of that weekday in the month")
            }
            days.nthWeekdays |= 1 << UInt64(weekday(try number(parts[0])) * 5 + nth - 1)
        } else if text.hasSuffix("L") {
            let named = Token(text: text.dropLast(), column: item.column, field: item.field)
            days.lastWeekdays |= 1 << UInt8(weekday(try number(named)))
        } else {
            for value in try values(item: item) { days.weekdays |= 1 << UInt8(weekday(value)) }
        }
    }

    /// The day of the week, from Sunday 0.
    private func weekday(_ value: Int) -> Int { dialect == .quartz ? value - 1 : value % 7 }
}
