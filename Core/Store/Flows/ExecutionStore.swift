package import Model

/// What the step-worker does with executions.
package protocol ExecutionStore: Sendable {
    /// Locks those of the executions that nobody else has locked, and writes what `decide` makes of them, in one
    /// transaction (protocols.md, 17). Ids that exist and are not among the results were locked by others.
    ///
    /// `decide` must have no effects: if the transaction fails nothing of it was written, or everything (a connection
    /// that dies after the commit).
    func transition(
        _ ids: [ExecutionID],
        _ decide: @escaping @Sendable ([LockedExecution], _ now: Timestamp) -> [ExecutionWrite]
    ) async throws -> TransitionResult

    /// Says that a worker lives for another `lifetime`, and returns the ids of all that do.
    func renew(worker: Identifier, host: String, lifetime: Duration) async throws -> Set<Identifier>

    /// Ends a worker: its claims, if any are left, may be taken over at once.
    func remove(worker: Identifier) async throws

    /// Stores answers that no transition could apply.
    func store(answers: [(execution: ExecutionID, tenant: TenantID, payload: [UInt8])], now: Timestamp) async throws

    /// Counts a failed transaction of an execution alone; at the fifth, quarantines it with the reason.
    ///
    /// - Parameter record: the row of the history that says so, of the execution as it is then.
    func countFailure(
        of id: ExecutionID, reason: String, now: Timestamp,
        record: @escaping @Sendable (ExecutionRow) -> [UInt8]
    ) async throws

    /// Definitions by their ids.
    func definitions(_ ids: [DefinitionID]) async throws -> [DefinitionRow]

    /// All bindings that apply to a tenant now.
    func bindings(of tenant: TenantID) async throws -> [BindingRow]

    /// Bindings by their ids, current or not.
    func bindings(_ ids: [Int]) async throws -> [BindingRow]
}

/// An execution that is locked for a transition.
package struct LockedExecution: Sendable {
    package var row: ExecutionRow
    /// Of the next row of its history.
    package var seq: Int
    /// The schedule that started it; nil: none.
    package var schedule: ScheduleID?
    /// When it is to be woken; nil: never.
    package var wakeAt: Timestamp?
    /// In the order of their ids, at most `ExecutionLimits.arrivalsAtOnce`.
    package var arrivals: [Arrival]
    /// It was started because another has failed.
    package var handlesFailure: Bool
    /// SHA-256 of its input without secrets.
    package var digest: [UInt8]

    /// A locked execution of these parts.
    package init(
        row: ExecutionRow, seq: Int, schedule: ScheduleID? = nil, wakeAt: Timestamp?, arrivals: [Arrival],
        handlesFailure: Bool = false, digest: [UInt8] = []
    ) {
        self.digest = digest
        self.handlesFailure = handlesFailure
        self.row = row
        self.seq = seq
        self.schedule = schedule
        self.wakeAt = wakeAt
        self.arrivals = arrivals
    }
}

/// What a transition writes of one execution.
package struct ExecutionWrite: Sendable {
    /// What happens to the row that wakes it.
    package enum Wake: Hashable, Sendable {
        case keep
        case set(Timestamp)
        case remove
    }

    package var id: ExecutionID
    package var tenant: TenantID
    package var status: ExecutionStatus
    package var state: [UInt8]
    /// Applied arrivals, which are deleted.
    package var arrivals: [Int] = []
    package var wake = Wake.keep
    package var outputs: [OutputRow] = []
    /// A row of the history; nil: nothing happened that belongs there.
    package var history: [UInt8]?
    /// When it ended; nil: it has not.
    package var endedAt: Timestamp?
    /// The schedule whose next run may begin, because this one has ended; nil: none.
    package var endsRunOf: ScheduleID?
    /// How that run counts for its schedule; nil: not at all.
    package var runEnd: RunEnd?
    /// The flow that starts because this one has failed; nil: none.
    package var failureStart: FailureStart?
    /// When it leaves the engine; nil: not yet.
    package var forgetAt: Timestamp?

    /// A write that changes nothing but status and state.
    package init(id: ExecutionID, tenant: TenantID, status: ExecutionStatus, state: [UInt8]) {
        self.id = id
        self.tenant = tenant
        self.status = status
        self.state = state
    }
}

/// What a transition found.
package struct TransitionResult: Sendable {
    /// Those that were locked, decided on and written.
    package var written: Set<ExecutionID>
    /// Those that do not exist, or have left the engine.
    package var missing: Set<ExecutionID>

    /// A result of both parts.
    package init(written: Set<ExecutionID>, missing: Set<ExecutionID>) {
        self.written = written
        self.missing = missing
    }
}

/// An execution that starts because another has failed, in the transaction that ends that one. If there is no such flow any
/// more nothing starts.
package struct FailureStart: Hashable, Sendable {
    package var id: ExecutionID
    package var flow: FlowName
    /// In the form that the engine reads.
    package var input: [UInt8]

    /// A start of the flow's current version.
    package init(id: ExecutionID, flow: FlowName, input: [UInt8]) {
        self.id = id
        self.flow = flow
        self.input = input
    }
}

/// How a run of a schedule counts when it has ended (protocols.md, 10).
package struct RunEnd: Hashable, Sendable {
    /// `dead` for a failure, `delivered` for a success.
    package var state: TriggerState
    /// Why it failed; nil: it has not.
    package var reason: String?

    /// An end that counts as this state.
    package init(_ state: TriggerState, reason: String? = nil) {
        self.state = state
        self.reason = reason
    }
}
