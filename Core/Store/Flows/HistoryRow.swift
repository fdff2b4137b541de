package import Model

/// One row of the outbox or the history: what a transaction did to an execution.
package struct HistoryRow: Hashable, Sendable {
    package var execution: ExecutionID
    package var tenant: TenantID
    /// From 1 for each execution, without gaps.
    package var seq: Int
    package var at: Timestamp
    /// In the engine's form.
    package var body: [UInt8]

    /// A row as stored.
    package init(execution: ExecutionID, tenant: TenantID, seq: Int, at: Timestamp, body: [UInt8]) {
        self.execution = execution
        self.tenant = tenant
        self.seq = seq
        self.at = at
        self.body = body
    }
}

/// What the history says of an execution as a whole.
package struct ExecutionSummary: Hashable, Sendable {
    package var execution: ExecutionID
    package var tenant: TenantID
    /// Nil: the definition was stored with the execution.
    package var flow: FlowName?
    package var version: Int?
    package var definition: DefinitionID
    package var status: ExecutionStatus
    /// The trigger that it served; nil: none.
    package var trigger: TriggerID?
    package var createdAt: Timestamp
    /// Nil: it has not ended.
    package var endedAt: Timestamp?
    /// Of the last event.
    package var seq: Int
    /// The days of its first and last event, as their first moments in UTC.
    package var firstDay: Timestamp
    package var lastDay: Timestamp
    /// The state at the end, in the engine's form; nil: it has not ended.
    package var snapshot: [UInt8]?
    /// SHA-256 of the input without its secrets; nil: it has not ended, or that is not known.
    package var digest: [UInt8]?

    /// A summary as stored.
    package init(
        execution: ExecutionID, tenant: TenantID, flow: FlowName?, version: Int?, definition: DefinitionID,
        status: ExecutionStatus, trigger: TriggerID?, createdAt: Timestamp, endedAt: Timestamp?, seq: Int,
        firstDay: Timestamp, lastDay: Timestamp, snapshot: [UInt8]?, digest: [UInt8]? = nil
    ) {
        self.digest = digest
        self.execution = execution
        self.tenant = tenant
        self.flow = flow
        self.version = version
        self.definition = definition
        self.status = status
        self.trigger = trigger
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.seq = seq
        self.firstDay = firstDay
        self.lastDay = lastDay
        self.snapshot = snapshot
    }
}
