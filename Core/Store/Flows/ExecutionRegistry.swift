package import Model

/// Executions as the API starts, shows and controls them. It changes no execution: the step-worker does
/// (protocols.md, 24).
package protocol ExecutionRegistry: Sendable {
    /// Starts executions of one tenant in one transaction, each with a wake in 5 s, which is what a lost hint costs.
    func start(_ executions: [NewExecution], tenant: TenantID, now: Timestamp) async throws -> [StartResult]

    /// The execution; nil: there is none.
    func execution(_ id: ExecutionID, tenant: TenantID) async throws -> ExecutionRow?

    /// A page of executions, newest first.
    ///
    /// - Parameter before: ids less than this; nil: from the newest.
    func executions(
        tenant: TenantID, status: ExecutionStatus?, before id: ExecutionID?, limit: Int
    ) async throws -> [ExecutionRow]

    /// The outputs of its steps in full, of each step the latest.
    func outputs(of id: ExecutionID, tenant: TenantID) async throws -> [OutputRow]

    /// Removes up to `limit` executions of a tenant with all that belongs to them; returns how many.
    func eraseExecutions(of tenant: TenantID, limit: Int) async throws -> Int

    /// Removes a tenant's flows, definitions and bindings, and what its executions did that is not in the history yet.
    func eraseFlows(of tenant: TenantID) async throws

    /// Stores something that came for an execution. A hint follows the commit.
    func add(
        _ kind: Arrival.Kind, _ payload: [UInt8], to id: ExecutionID, tenant: TenantID, now: Timestamp
    ) async throws -> ArrivalResult
}

/// What became of an arrival.
package enum ArrivalResult: Hashable, Sendable {
    case accepted
    /// There is no such execution, or it has left the engine.
    case unknown
    /// It has ended; nothing was stored.
    case ended(ExecutionStatus)
    /// It has `ExecutionLimits.arrivals` already that are not applied.
    case full
}

/// Bounds of executions.
package enum ExecutionLimits {
    /// Arrivals of an execution that are not applied yet.
    package static let arrivals = 10_000
    /// How long a lost hint of a start can delay it.
    package static let startWake = Duration.seconds(5)
    /// Transactions in a row that may fail for one execution alone before it is quarantined (protocols.md, 17).
    package static let failures = 5
    /// Arrivals that one transition applies.
    package static let arrivalsAtOnce = 1_000
}
