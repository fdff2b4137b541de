package import Model

/// Keeps which run of a schedule is under way and which wait, for schedules whose runs must not overlap (protocols.md,
/// 10).
package protocol OverlapStore: Sendable {
    /// Lets `change` decide on what runs and waits while the schedule's overlap row is locked, writes the state back,
    /// and returns the decision. One transaction of its own.
    func withOverlap<Decision: Sendable>(
        of schedule: ScheduleID, tenant: TenantID, now: Timestamp,
        _ change: @escaping @Sendable (inout (running: Identifier?, waiting: [Identifier])) -> Decision
    ) async throws -> Decision
    /// Runs that began before a time, longest-running first, for the monitor to compare with what has finished.
    func runningSince(before time: Timestamp, limit: Int) async throws -> [(schedule: ScheduleID, run: Identifier)]
}
