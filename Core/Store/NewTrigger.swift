package import Model

/// A trigger row to insert.
package struct NewTrigger: Sendable {
    package var id: TriggerID
    package var kind: TriggerKind
    package var state: TriggerState
    /// Index of its schedule among the claimed ones.
    package var source: Int
    package var occurrence: Timestamp
    /// When it is to be called: the occurrence, plus its place within a margin.
    package var plannedAt: Timestamp
    /// No call starts after it.
    package var deadline: Timestamp
    /// Occurrences that the row stands for: more than 1 for a run of occurrences that do not run (protocols.md, 11).
    package var count: Int
    /// The last occurrence of such a run.
    package var lastOccurrence: Timestamp?
    /// Why it does not run; nil for one that does.
    package var reason: String?

    /// A row for one scheduled occurrence, unless given.
    package init(
        id: TriggerID, kind: TriggerKind = .scheduled, state: TriggerState, source: Int, occurrence: Timestamp,
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
