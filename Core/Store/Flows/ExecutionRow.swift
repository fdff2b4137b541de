package import Model

/// An execution as it is stored.
package struct ExecutionRow: Hashable, Sendable {
    package var id: ExecutionID
    package var tenant: TenantID
    package var definition: DefinitionID
    package var status: ExecutionStatus
    /// In the engine's form; nil: nothing has happened yet.
    package var state: [UInt8]?
    package var input: [UInt8]
    /// The trigger that it serves; nil: none.
    package var trigger: TriggerID?
    package var createdAt: Timestamp
    /// Nil: it has not ended.
    package var endedAt: Timestamp?
    /// Why it was quarantined; nil: it was not.
    package var quarantineReason: String?

    /// A row as stored.
    package init(
        id: ExecutionID, tenant: TenantID, definition: DefinitionID, status: ExecutionStatus, state: [UInt8]?,
        input: [UInt8], trigger: TriggerID?, createdAt: Timestamp, endedAt: Timestamp?, quarantineReason: String?
    ) {
        self.id = id
        self.tenant = tenant
        self.definition = definition
        self.status = status
        self.state = state
        self.input = input
        self.trigger = trigger
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.quarantineReason = quarantineReason
    }
}

/// What a step returned, in full.
package struct OutputRow: Hashable, Sendable {
    /// By its number in the definition.
    package var step: Int
    package var attempt: Int
    /// JSON.
    package var body: [UInt8]

    /// A row as stored.
    package init(step: Int, attempt: Int, body: [UInt8]) {
        self.step = step
        self.attempt = attempt
        self.body = body
    }
}
