package import Model

package struct TriggerRow: Sendable {
    package var id: Identifier
    /// The internal id of its schedule.
    package var schedule: Identifier
    package var tenant: String
    package var name: String
    package var kind: TriggerKind
    package var state: TriggerState
    package var revision: Int
    package var redrive: Int
    package var occurrence: Timestamp
    package var plannedAt: Timestamp
    package var deadline: Timestamp
    package var attempts: Int
    package var latenessMilliseconds: Int?
    package var isCancelRequested: Bool
    package var count: Int
    package var lastOccurrence: Timestamp?
    package var reason: String?
    package var log: [UInt8]

    package init(
        id: Identifier, schedule: Identifier, tenant: String, name: String, kind: TriggerKind, state: TriggerState,
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
