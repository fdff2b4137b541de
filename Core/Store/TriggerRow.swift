package import Model

/// A trigger as it is stored.
package struct TriggerRow: Sendable {
    package var id: TriggerID
    /// The internal id of its schedule.
    package var schedule: ScheduleID
    package var tenant: TenantID
    /// The schedule's name.
    package var name: ScheduleName
    package var kind: TriggerKind
    package var state: TriggerState
    /// The schedule's revision that planned it.
    package var revision: Int
    /// How often it was redriven after it had died.
    package var redrive: Int
    package var occurrence: Timestamp
    /// When it is to be called; not before the occurrence.
    package var plannedAt: Timestamp
    /// No call starts after it.
    package var deadline: Timestamp
    /// Attempts recorded since the last redrive.
    package var attempts: Int
    /// The start of the first call minus the planned time; nil: no call is recorded.
    package var latenessMilliseconds: Int?
    package var isCancelRequested: Bool
    /// Occurrences that the row stands for: more than 1 for a run of occurrences that did not run.
    package var count: Int
    /// The last occurrence of such a run.
    package var lastOccurrence: Timestamp?
    /// Why it ended or is retried.
    package var reason: String?
    /// One line per recorded attempt, as `TriggerOutcome` writes them.
    package var log: [UInt8]

    /// A row with all its columns.
    package init(
        id: TriggerID, schedule: ScheduleID, tenant: TenantID, name: ScheduleName, kind: TriggerKind,
        state: TriggerState,
        revision: Int, redrive: Int,
        occurrence: Timestamp, plannedAt: Timestamp, deadline: Timestamp, attempts: Int, latenessMilliseconds: Int?,
        isCancelRequested: Bool, count: Int, lastOccurrence: Timestamp?, reason: String?, log: [UInt8]
    ) {
        self.id = id
        self.schedule = schedule
        self.tenant = tenant
        self.name = name
        self.kind = kind
        self.state = state
        self.revision = revision
        self.redrive = redrive
        self.occurrence = occurrence
        self.plannedAt = plannedAt
        self.deadline = deadline
        self.attempts = attempts
        self.latenessMilliseconds = latenessMilliseconds
        self.isCancelRequested = isCancelRequested
        self.count = count
        self.lastOccurrence = lastOccurrence
        self.reason = reason
        self.log = log
    }
}
