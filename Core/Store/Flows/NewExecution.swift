package import Model

/// An execution to start.
package struct NewExecution: Hashable, Sendable {
    package var id: ExecutionID
    package var tenant: TenantID
    package var definition: DefinitionID
    /// Values by name in the form that the engine reads, secrets sealed.
    package var input: [UInt8]
    /// SHA-256 of the input without its secrets: tells another start with the same id from this one once more.
    package var digest: [UInt8]
    /// The trigger that it serves; nil: none.
    package var trigger: TriggerID?
    /// The schedule of that trigger.
    package var schedule: ScheduleID?
    /// The first row of its history if it has to wait for another run of its schedule; nil: it does not wait.
    package var waitingRecord: [UInt8]?

    /// An execution that serves nothing else, unless given.
    package init(
        id: ExecutionID, tenant: TenantID, definition: DefinitionID, input: [UInt8], digest: [UInt8],
        trigger: TriggerID? = nil,
        schedule: ScheduleID? = nil, waitingRecord: [UInt8]? = nil
    ) {
        self.waitingRecord = waitingRecord
        self.id = id
        self.tenant = tenant
        self.definition = definition
        self.input = input
        self.digest = digest
        self.trigger = trigger
        self.schedule = schedule
    }
}

/// What became of a start.
package enum StartResult: Hashable, Sendable {
    case started
    /// The id exists already, with the same definition and input.
    case known
    /// The id exists already with another definition or input, or is another tenant's.
    case different
}
