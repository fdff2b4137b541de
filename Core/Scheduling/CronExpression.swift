/// A parsed cron expression: which seconds of a wall clock it names.
///
/// It is stored in this form, so that the loader never parses text. `H` is resolved to the schedule's own values.
package struct CronExpression: Hashable, Sendable {
    /// How fields and weekdays are read.
    package enum Dialect: UInt8, Hashable, Sendable, CaseIterable {
        /// 5 to 7 fields. Sunday is 0 or 7. A day matches either of day-of-month and day-of-week where both are restricted.
        case unix
        /// 6 or 7 fields, one of the two days is `?`. Sunday is 1.
        case quartz
    }

    /// As the user wrote it.
    package let text: String
    package let dialect: Dialect
    /// Bit n for second n; second 0 where the text has no field for them.
    let seconds: UInt64
    /// Bit n for minute n.
    let minutes: UInt64
    /// Bit n for hour n.
    let hours: UInt32
    let days: CronDays
    /// Bit n for month n, from 1.
    let months: UInt16
    /// In ascending order; empty for every year.
    let years: [UInt16]
    /// The text has a field for seconds. In `except`, one without excludes whole minutes.
    let hasSeconds: Bool
    /// Minute or hour begins with `*`: such an entry runs by elapsed time through a change of the clocks.
    package let runsByElapsedTime: Bool
}
