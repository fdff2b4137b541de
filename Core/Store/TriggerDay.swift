package import Model

/// A day of triggers.
package struct TriggerDay: Hashable, Sendable {
    package enum Place: Int, Sendable {
        case attached = 0
        /// Its detaching was begun, and a reader that was in the way has not let it end.
        case detaching = 1
        case detached = 2
    }

    /// Its first instant.
    package var start: Timestamp
    package var place: Place

    package init(start: Timestamp, place: Place) {
        self.start = start
        self.place = place
    }
}
