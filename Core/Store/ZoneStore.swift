package import Model

/// Which version of the time zones a shard was computed with.
package protocol ZoneStore: Sendable {
    /// Which of these shards were computed with other time zones than those of a version.
    func staleZones(of shards: [Int], version: String) async throws -> [Int]
    /// Computes a page of a shard's schedules anew that are next due after a time, in the order of ids: `next` gives the next
    /// occurrence by a timing, or the same again. The last id; nil: there are no more.
    func recompute(
        shard: Int, after id: Identifier, dueAfter time: Timestamp, limit: Int,
        next: @escaping @Sendable (_ timing: [UInt8], _ next: Timestamp) -> Timestamp?
    ) async throws -> Identifier?
    /// A shard was computed with these time zones.
    func noteZones(shard: Int, version: String) async throws
}
