package import Model

/// Which tzdata version the next occurrences of a shard were computed with (decision 0014).
package protocol ZoneStore: Sendable {
    /// Those of these shards that were computed with another tzdata version, ascending.
    func staleZones(of shards: [Int], version: String) async throws -> [Int]
    /// Recomputes a page of a shard's active schedules that are due after a time, in the order of ids: `next` returns
    /// the next occurrence of a timing, or the one it has. Leaves out schedules that planning recomputes anyway. One
    /// transaction.
    ///
    /// Returns the id after which the next page begins; nil: there is none.
    func recompute(
        shard: Int, after id: ScheduleID, dueAfter time: Timestamp, limit: Int,
        next: @escaping @Sendable (_ timing: [UInt8], _ next: Timestamp) -> Timestamp?
    ) async throws -> ScheduleID?
    /// Records that a shard was computed with this version.
    func noteZones(shard: Int, version: String) async throws
}
