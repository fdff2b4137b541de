package import Model

/// The tables that hold a UTC day of triggers each (protocols.md, 13).
package protocol PartitionStore: Sendable {
    /// The days that have a table, ascending, with how far each is from being dropped.
    func days() async throws -> [TriggerDay]
    /// Creates a day's partition; false: it existed. Throws if a lock is not granted soon: repeat it later.
    func addDay(_ day: Timestamp) async throws -> Bool
    /// Drops a day's table, unless it has an unsettled trigger; false: it was kept.
    ///
    /// Throws if a reader is in the way for long; a further call resumes where this one stopped.
    func dropDay(_ day: TriggerDay) async throws -> Bool
}
