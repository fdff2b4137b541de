package import Model

/// A trigger to be: what for, when, and until when.
package struct PlannedOccurrence: Hashable, Sendable {
    package var occurrence: Timestamp
    /// Never before the occurrence nor before the time of planning.
    package var plannedAt: Timestamp
    /// No call starts after it; at least 60 s after `plannedAt`.
    package var deadline: Timestamp

    package init(occurrence: Timestamp, plannedAt: Timestamp, deadline: Timestamp) {
        self.occurrence = occurrence
        self.plannedAt = plannedAt
        self.deadline = deadline
    }
}
