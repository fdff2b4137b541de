package import Model

/// What the monitor does for executions.
package protocol ExecutionUpkeep: Sendable {
    /// Executions with arrivals that came before a time and are not applied: their hints were lost.
    func unapplied(before time: Timestamp, limit: Int) async throws -> [(execution: ExecutionID, tenant: TenantID)]

    /// Ends runs of schedules that have ended or are gone while their rows say since before a time that they run;
    /// returns how many.
    func repairOverlaps(before time: Timestamp, limit: Int) async throws -> Int

    /// Removes executions whose time has come, with all that belongs to them; returns how many.
    func forgetEnded(before time: Timestamp, limit: Int) async throws -> Int
}
