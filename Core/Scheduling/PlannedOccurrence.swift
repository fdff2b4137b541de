package import Model

/// A trigger to be created: for which occurrence, when, and until when.
package struct PlannedOccurrence: Hashable, Sendable {
    package var occurrence: Timestamp
    /// Never before the occurrence or the time of planning.
    package var plannedAt: Timestamp
    /// No call starts after it; at least 60 s after `plannedAt`.
    package var deadline: Timestamp

    /// The times must follow the rules above; they are not checked.
    package init(occurrence: Timestamp, plannedAt: Timestamp, deadline: Timestamp) {
        self.occurrence = occurrence
        self.plannedAt = plannedAt
        self.deadline = deadline
    }
}
