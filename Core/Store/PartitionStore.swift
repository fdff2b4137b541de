package import Model

/// The tables of days.
package protocol PartitionStore: Sendable {
    /// The days that have a table, in order.
    func days() async throws -> [TriggerDay]
    /// Makes a day's partition; false: it was there.
    func addDay(_ day: Timestamp) async throws -> Bool
    /// Drops a day's table, unless a trigger in it is unsettled; false: it was kept. What an earlier try left half done is
    /// finished.
    func dropDay(_ day: TriggerDay) async throws -> Bool
}
