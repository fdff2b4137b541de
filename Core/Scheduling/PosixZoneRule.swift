import Model

/// The rule in a TZif footer: POSIX's `TZ`, with the hours from -167 to 167 that RFC 9636 adds, such as
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct PosixZoneRule: Hashable, Sendable {
    /// When and how the clocks differ from standard time.
    struct Summer: Hashable, Sendable {
        /// Seconds east of UTC; in Dublin it is west of standard time.
        var offset: Int32
        /// On the clock of standard time.
        var start: Change
        /// On the clock of summer time.
        var end: Change
    }

    /// A moment that recurs every year.
    struct Change: Hashable, Sendable {
        var day: Day
        /// Seconds after that day's midnight; may be negative or more than a day.
        var time: Int64

        /// In seconds since 1970 on the clock that the change is given in.
        func second(in year: Int) -> Int64 { Int64(day.daysSinceEpoch(in: year)) * 86_400 + time }
    }

    enum Day: Hashable, Sendable {
        /// 1 to 365; February 29th is not counted.
        case julian(Int)
        /// 0 to 365; February 29th is counted.
        case ordinal(Int)
        /// Week 5 is the last; weekday 0 is Sunday.
        case weekday(month: Int, week: Int, weekday: Int)

        func daysSinceEpoch(in year: Int) -> Int {
            let newYear = CivilDate(year: year, month: 1, day: 1)!.daysSinceEpoch
            switch self {
            case .julian(let day): return newYear + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)
            case .ordinal(let day): return newYear + day
            case .weekday(let month, let week, let weekday):
                let first = CivilDate(year: year, month: month, day: 1)!
                let day = 1 + (weekday - first.weekday + 7) % 7 + 7 * (week - 1)
                return first.daysSinceEpoch + day - 1 - (day > CivilDate.days(inMonth: month, of: year) ? 7 : 0)
            }
        }
    }

    /// Seconds east of UTC.
    var standardOffset: Int32
    /// Nil where the clocks never change.
    var summer: Summer?

    /// Nil for anything that is not such a rule.
    init?(_ text: some Collection<UInt8>) {
        var reader = Reader(bytes: Array(text))
        guard reader.name(), let west = reader.time(maximumHours: 24) else { return nil }
        standardOffset = Int32(-west)
        if reader.isAtEnd { return }
        guard reader.name() else { return nil }
        var offset = standardOffset + 3_600
        if !reader.isNext(",") {
            guard let west = reader.time(maximumHours: 24) else { return nil }
            offset = Int32(-west)
        }
        guard let start = reader.change(), let end = reader.change(), reader.isAtEnd else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        func isNext(_ character: Unicode.Scalar) -> Bool {
            position < bytes.count && bytes[position] == UInt8(ascii: character)
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard isNext(character) else { return false }
            position += 1
            return true
        }

        /// Three or more letters, or anything in angle brackets.
        mutating func name() -> Bool {
            if take("<") {
                while !isAtEnd, !isNext(">") { position += 1 }
                return take(">")
            }
            let start = position
            while position < bytes.count, (65...90).contains(bytes[position]) || (97...122).contains(bytes[position]) {
                position += 1
            }
            return position - start >= 3
        }

        mutating func number() -> Int? {
            let start = position
            var value = 0
            while position < bytes.count, (48...57).contains(bytes[position]), position - start < 4 {
                value = value * 10 + Int(bytes[position] - 48)
                position += 1
            }
            return position > start ? value : nil
        }

        /// `[+-]hh[:mm[:ss]]`, in seconds.
        mutating func time(maximumHours: Int) -> Int64? {
            let sign: Int64 = take("-") ? -1 : 1
            if sign > 0 { _ = take("+") }
            guard let hours = number(), hours <= maximumHours else { return nil }
            var seconds = hours * 3_600
            for unit in [60, 1] where take(":") {
                guard let part = number(), part < 60 else { return nil }
                seconds += part * unit
            }
            return sign * Int64(seconds)
        }

        /// `,Mm.w.d`, `,Jn` or `,n`, each with an optional `/time`.
        mutating func change() -> Change? {
            guard take(","), let day = day() else { return nil }
            guard take("/") else { return Change(day: day, time: 7_200) }
            return time(maximumHours: 167).map { Change(day: day, time: $0) }
        }

        private mutating func day() -> Day? {
            if take("J") {
                return number().flatMap { (1...365).contains($0) ? .julian($0) : nil }
            }
            guard take("M") else { return number().flatMap { (0...365).contains($0) ? .ordinal($0) : nil } }
            guard let month = number(), (1...12).contains(month), take("."), let week = number(),
                (1...5).contains(week), take("."), let weekday = number(), (0...6).contains(weekday)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
    }
}
