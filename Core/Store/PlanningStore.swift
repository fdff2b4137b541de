package import Model

/// What planning goes by, beside the schedules: load, weights, and where scans begin.
package protocol PlanningStore: Sendable {
    /// Raises the floors of the scans, where no writer is in the way.
    func raiseFloors(shard: Int, ceiling: Timestamp, now: Timestamp) async throws
    /// The shares of tenants that do not have one: by tenant.
    func weights() async throws -> [String: Double]
    /// The load histogram from a time on.
    func load(shard: Int, from time: Timestamp) async throws -> [(second: Int64, count: Int)]
    /// Makes a day's partition, where the monitor does not; false: it was there.
    func addDay(_ day: Timestamp) async throws -> Bool
}
