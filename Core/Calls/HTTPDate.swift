import Model

/// Reads the three date formats that a recipient must accept (RFC 9110, 5.6.7).
enum HTTPDate {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, or the obsolete `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850) and `Sun Nov  6
    /// 08:49:37 1994` (asctime). Nil for anything else; the weekday and the width of the day are not checked.
    ///
    /// - Parameter now: the current time; a two-digit year is read as the latest year with those digits that is at most
    ///   50 years ahead.
    static func parse(_ text: String, now: Timestamp) -> Timestamp? {
        let parts = text.split(separator: " ")
        if parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT" {
            return time(year: number(parts[3], digits: 4), month: parts[2], day: number(parts[1]), clock: parts[4])
        }
        if parts.count == 4, parts[0].hasSuffix(","), parts[3] == "GMT" {
            let date = parts[1].split(separator: "-", omittingEmptySubsequences: false)
            guard date.count == 3, let digits = number(date[2], digits: 2) else { return nil }
            return inNearestCentury(digits, now) { year in
                time(year: year, month: date[1], day: number(date[0]), clock: parts[2])
            }
        }
        if parts.count == 5 {
            return time(year: number(parts[4], digits: 4), month: parts[1], day: number(parts[2]), clock: parts[3])
        }
        return nil
    }

    /// The latest time in a year with these last two digits that is not more than 50 years ahead.
    private static func inNearestCentury(_ digits: Int, _ now: Timestamp, _ time: (Int) -> Timestamp?) -> Timestamp? {
        let today = CivilDate(daysSinceEpoch: Int(now.seconds / 86_400))
        let last = today.year + 50
        let year = last - (last - digits) % 100
        guard let found = time(year) else { return nil }
        let limit = CivilDate(year: last, month: today.month, day: min(today.day, 28))
        let isLater = limit.map { found.seconds > Int64($0.daysSinceEpoch + 1) * 86_400 } ?? false
        return isLater ? time(year - 100) : found
    }

    private static func number(_ text: Substring, digits: Int? = nil) -> Int? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), digits.map({ $0 == text.utf8.count }) ?? true else {
            return nil
        }
        return Int(text)
    }

    private static func time(year: Int?, month: Substring, day: Int?, clock: Substring) -> Timestamp? {
        guard let year, let day, let month = months.firstIndex(of: String(month)),
            let date = CivilDate(year: year, month: month + 1, day: day)
        else { return nil }
        let clock = clock.split(separator: ":", omittingEmptySubsequences: false).map { number($0, digits: 2) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        return Timestamp(
            seconds: Int64(date.daysSinceEpoch) * 86_400 + Int64(hour * 3_600 + minute * 60 + second))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
