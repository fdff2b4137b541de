package import Model

/// The sender's name for a message; for a trigger its trigger id. Without `|`.
package struct MessageID: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ text: String) { description = text }
    package init(_ id: Identifier) { description = id.description }

    /// The shard of a queue with so many shards: the same on every machine and in every version.
    package func shard(of count: Int) -> Int {
        StableHash.shard(of: description, count: count)
    }
}
