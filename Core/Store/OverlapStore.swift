package import Model

/// Keeps what runs of each schedule. `Decision` is what the caller makes of the state, in one transaction with its lock.
package protocol OverlapStore: Sendable {
    /// Locks the schedule's overlap row, lets `change` decide on what runs and waits, and writes that back. In the transaction of
    /// whatever starts or finishes a run.
    func withOverlap<Decision: Sendable>(
        of schedule: Identifier, tenant: String, now: Timestamp,
        _ change: @escaping @Sendable (inout (running: Identifier?, waiting: [Identifier])) -> Decision
    ) async throws -> Decision
    /// Runs that have gone on since before a time: the monitor compares them with what has finished.
    func runningSince(before time: Timestamp, limit: Int) async throws -> [(schedule: Identifier, run: Identifier)]
}
