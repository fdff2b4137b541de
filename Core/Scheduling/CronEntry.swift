/// A cron expression on the wall clock of a time zone.
package struct CronEntry: Hashable, Sendable {
    /// What to do with a time of day that the clocks jump over.
    package enum Gap: UInt8, Hashable, Sendable, CaseIterable {
        /// Nothing; the default where minute or hour is a wildcard.
        case skip
        /// Run at the transition; the default for fixed times of day.
        case shift
    }

    /// What to do with a time of day that comes twice.
    package enum Overlap: UInt8, Hashable, Sendable, CaseIterable {
        /// Run the first time; the default for fixed times of day.
        case first
        case second
        /// Run both times; the default where minute or hour is a wildcard.
        case both
    }

    package let expression: CronExpression
    /// A name of the tz database, such as `Europe/Berlin`.
    package let timeZone: String
    package let gap: Gap
    package let overlap: Overlap

    /// Policies not given are those of the expression: see the cases.
    package init(_ expression: CronExpression, timeZone: String = "UTC", gap: Gap? = nil, overlap: Overlap? = nil) {
        self.expression = expression
        self.timeZone = timeZone
        self.gap = gap ?? (expression.runsByElapsedTime ? .skip : .shift)
        self.overlap = overlap ?? (expression.runsByElapsedTime ? .both : .first)
    }
}
