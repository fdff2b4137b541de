package import Model

/// What planning needs beside the schedules: load, weights, and the floors where scans begin.
package protocol PlanningStore: Sendable {
    /// Raises a shard's floors to its earliest armed schedule, at most `ceiling`, and its earliest planned trigger
    /// (protocols.md, 14). Does nothing while a writer of schedules is under way. May be lost in a crash of the server,
    /// which only makes scans longer.
    func raiseFloors(shard: Int, ceiling: Timestamp, now: Timestamp) async throws
    /// The weights of tenants whose weight is not 1.
    func weights() async throws -> [TenantID: Double]
    /// How many triggers are planned for each second, from a time on: seconds since 1970, in no order.
    func load(shard: Int, from time: Timestamp) async throws -> [(second: Int64, count: Int)]
    /// Creates a day's partition, in the monitor's place; false: it existed. Throws if a lock is not granted within 200
    /// ms.
    func addDay(_ day: Timestamp) async throws -> Bool
}
