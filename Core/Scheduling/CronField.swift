/// One field of a cron expression.
enum CronField: Int, Hashable, Sendable, CaseIterable {
    case seconds, minutes, hours, dayOfMonth, months, dayOfWeek, years

    /// For messages.
    var name: String {
        switch self {
        case .seconds: "second"
        case .minutes: "minute"
        case .hours: "hour"
        case .dayOfMonth: "day-of-month"
        case .months: "month"
        case .dayOfWeek: "day-of-week"
        case .years: "year"
        }
    }

    /// The field's values; days of the week from Sunday.
    func values(_ dialect: CronExpression.Dialect) -> ClosedRange<Int> {
        switch self {
        case .seconds, .minutes: 0...59
        case .hours: 0...23
        case .dayOfMonth: 1...31
        case .months: 1...12
        case .dayOfWeek: dialect == .unix ? 0...6 : 1...7
        case .years: CronField.knownYears
        }
    }

    /// What a user may write; in the unix dialect Sunday is also 7.
    func accepted(_ dialect: CronExpression.Dialect) -> ClosedRange<Int> {
        self == .dayOfWeek && dialect == .unix ? 0...7 : values(dialect)
    }

    /// The value of a name in capitals, such as `JAN` or `MON`; nil if the field has no such name.
    func named(_ name: some StringProtocol, _ dialect: CronExpression.Dialect) -> Int? {
        let names: [String]
        switch self {
        case .months: names = CronField.monthNames
        case .dayOfWeek: names = CronField.weekdayNames
        default: return nil
        }
        return names.firstIndex { $0 == name }.map { $0 + values(dialect).lowerBound }
    }

    static let knownYears = 1_970...2_199
    private static let monthNames = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]
    private static let weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
}
