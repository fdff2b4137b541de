package import Model

/// The table of one UTC day of triggers.
package struct TriggerDay: Hashable, Sendable {
    /// How far the table is from being dropped.
    package enum Place: Int, Sendable {
        /// A partition of the trigger table.
        case attached = 0
        /// Its detaching was begun and not finished, because a reader was in the way.
        case detaching = 1
        /// A table of its own, about to be dropped.
        case detached = 2
    }

    /// The first instant of the day.
    package var start: Timestamp
    package var place: Place

    /// The table of a day.
    package init(start: Timestamp, place: Place) {
        self.start = start
        self.place = place
    }
}
