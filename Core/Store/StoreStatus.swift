package import Model

/// What a server asks of its store before it serves. Every verb throws the store's error.
package protocol StoreStatus: Sendable {
    /// The database's clock.
    func now() async throws -> Timestamp
    /// The number of shards of schedules.
    func shardCount() async throws -> Int
    /// Why this program cannot work with the store's schema, and what to do; nil: it can.
    func schemaComplaint() async throws -> String?
}
