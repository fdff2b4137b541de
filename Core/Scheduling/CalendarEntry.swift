package import Model

/// One entry of `when` or `except`.
package enum CalendarEntry: Hashable, Sendable {
    /// Elapsed time from an anchor.
    case every(Every)
    /// A cron expression on the wall clock of a time zone.
    indirect case cron(CronEntry)
    /// Once, at a whole millisecond.
    case at(Timestamp)
}
