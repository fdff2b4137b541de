package import Model

/// A trigger row to insert.
package struct NewTrigger: Sendable {
    package var id: Identifier
    package var kind: TriggerKind
    package var state: TriggerState
    /// Index of its schedule among the claimed ones.
    package var source: Int
    package var occurrence: Timestamp
    package var plannedAt: Timestamp
    package var deadline: Timestamp
    /// Occurrences that the row stands for.
    package var count: Int
    package var lastOccurrence: Timestamp?
    package var reason: String?

    package init(
        id: Identifier, kind: TriggerKind = .scheduled, state: TriggerState, source: Int, occurrence: Timestamp,
        plannedAt: Timestamp,
        deadline: Timestamp, count: Int = 1, lastOccurrence: Timestamp? = nil, reason: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.source = source
        self.occurrence = occurrence
        self.plannedAt = plannedAt
        self.deadline = deadline
        self.count = count
        self.lastOccurrence = lastOccurrence
        self.reason = reason
    }
}
