/// A parsed cron expression: which seconds of a wall clock it names.
///
/// Stored in this form, so that the loader never parses text. `H` is resolved to the schedule's own values.
package struct CronExpression: Hashable, Sendable {
    /// How fields and weekdays are read.
    package enum Dialect: UInt8, Hashable, Sendable, CaseIterable {
        /// 5 to 7 fields; Sunday is 0 or 7. If both day-of-month and day-of-week are restricted, a day matches either.
        case unix
        /// 6 or 7 fields, of which one of the two day fields is `?`; Sunday is 1.
        case quartz
    }

    /// As the user wrote it.
    package let text: String
    /// How the text was read.
    package let dialect: Dialect
    /// Bit n for second n; only bit 0 if the text has no field for seconds.
    let seconds: UInt64
    /// Bit n for minute n.
    let minutes: UInt64
    /// Bit n for hour n.
    let hours: UInt32
    let days: CronDays
    /// Bit n for month n, from 1.
    let months: UInt16
    /// Ascending; empty means every year.
    let years: [UInt16]
    /// Whether the text has a field for seconds. In `except`, an expression without one excludes whole minutes.
    let hasSeconds: Bool
    /// Whether minute or hour is a wildcard (begins with `*`, `/` or `H/`): such an entry runs by elapsed time through
    /// a change of the clocks.
    package let runsByElapsedTime: Bool
}
