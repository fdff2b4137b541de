package import Model

/// What the monitor does for executions.
package protocol ExecutionUpkeep: Sendable {
    /// Executions with arrivals that came before a time and are not applied: their hints were lost.
    func unapplied(before time: Timestamp, limit: Int) async throws -> [(execution: ExecutionID, tenant: TenantID)]

    /// Removes executions whose time has come, with all that belongs to them; returns how many.
    func forgetEnded(before time: Timestamp, limit: Int) async throws -> Int
}
