package import Model

/// The shards of schedules, and who works on each. Every verb throws the store's error.
package protocol ShardStore: Sendable {
    /// The shards there are.
    func shards() async throws -> [Int]
    /// The database's clock.
    func now() async throws -> Timestamp
    /// Takes the shards that no other loader has; keeps them until the connection ends. Those it now holds.
    func takeShards(_ shards: [Int]) async throws -> Set<Int>
    /// What is to be done, with one statement for all shards.
    ///
    /// - Parameter start: from when on due schedules are looked for.
    func overview(of shards: [Int], from start: Timestamp, before horizon: Timestamp) async throws -> [ShardOverview]
    func close() async
}
