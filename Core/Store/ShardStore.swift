package import Model

/// The shards of schedules, and which loader works on which. Every verb throws the store's error.
package protocol ShardStore: Sendable {
    /// All shards, ascending.
    func shards() async throws -> [Int]
    /// The database's clock.
    func now() async throws -> Timestamp
    /// Takes those of these shards that no other loader has, and returns them. They are kept until the connection ends;
    /// once it is lost every verb throws until `close`.
    func takeShards(_ shards: [Int]) async throws -> Set<Int>
    /// The state of these shards, ascending, in one statement.
    ///
    /// - Parameters:
    ///   - start: look for due schedules from then on, but not below a shard's floor.
    ///   - horizon: and before it.
    func overview(of shards: [Int], from start: Timestamp, before horizon: Timestamp) async throws -> [ShardOverview]
    /// Ends the connection and releases its shards; a further call opens another.
    func close() async
}
