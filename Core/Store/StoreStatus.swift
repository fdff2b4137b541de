package import Model

/// What a server asks of its store before it serves. Every verb throws the store's error.
package protocol StoreStatus: Sendable {
    func now() async throws -> Timestamp
    /// How many shards of schedules there are.
    func shardCount() async throws -> Int
    /// Why this program cannot work with the store's schema, and what to do; nil: it can.
    func schemaComplaint() async throws -> String?
}
