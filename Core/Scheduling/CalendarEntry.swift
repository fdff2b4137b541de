package import Model

/// One entry of `when` or `except`.
package enum CalendarEntry: Hashable, Sendable {
    /// Elapsed time from an anchor.
    case every(Every)
    /// The wall clock of a time zone.
    indirect case cron(CronEntry)
    /// Once; a whole millisecond.
    case at(Timestamp)
}
