/// Which days of a month a cron expression names.
struct CronDays: Hashable, Sendable {
    /// Bit n for day n, from 1.
    var monthDays: UInt32 = 0
    /// Bit n for the day n days before the last of the month: bit 0 is `L`, bit 3 is `L-3`.
    var fromLast: UInt32 = 0
    /// Bit n for the weekday (Monday to Friday) nearest to day n within the month: `15W`.
    var nearestWeekday: UInt32 = 0
    /// Bit n for the weekday nearest to the day n days before the last of the month, within the month: `L-3W`.
    var nearestToLast: UInt32 = 0
    /// The last weekday (Monday to Friday) of the month: `LW`.
    var lastWeekday = false
    /// Bit n for day n of the week, from Sunday 0.
    var weekdays: UInt8 = 0
    /// Bit 5·w + n − 1 for the nth day w of the week in the month: `6#3`.
    var nthWeekdays: UInt64 = 0
    /// Bit n for the last day n of the week in the month: `6L`.
    var lastWeekdays: UInt8 = 0
    /// A day need only match one of the two fields, not both.
    var isEither = false
}
