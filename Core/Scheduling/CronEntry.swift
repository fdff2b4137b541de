/// A cron expression on the wall clock of a time zone.
package struct CronEntry: Hashable, Sendable {
    /// What to do with a time of day that the clocks jump over.
    package enum Gap: UInt8, Hashable, Sendable, CaseIterable {
        /// It does not run. Default if minute or hour is a wildcard.
        case skip
        /// It runs at the transition. Default for fixed times of day.
        case shift
    }

    /// What to do with a time of day that comes twice.
    package enum Overlap: UInt8, Hashable, Sendable, CaseIterable {
        /// It runs the first time. Default for fixed times of day.
        case first
        /// It runs the second time.
        case second
        /// It runs both times. Default if minute or hour is a wildcard.
        case both
    }

    package let expression: CronExpression
    /// A name of the tz database, such as `Europe/Berlin`.
    package let timeZone: String
    package let gap: Gap
    package let overlap: Overlap

    /// An entry in UTC with the expression's default policies, unless given.
    package init(_ expression: CronExpression, timeZone: String = "UTC", gap: Gap? = nil, overlap: Overlap? = nil) {
        self.expression = expression
        self.timeZone = timeZone
        self.gap = gap ?? (expression.runsByElapsedTime ? .skip : .shift)
        self.overlap = overlap ?? (expression.runsByElapsedTime ? .both : .first)
    }
}
