package import Model

/// The sender's name for a message: for a trigger, its trigger id. Must not contain `|`.
package struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// The id's text.
    package let description: String
    /// An id of any text without `|`; not checked.
    package init(_ text: String) { description = text }
    /// The id of a trigger's message.
    package init(_ id: some RecordID) { description = id.description }

    /// The shard in a queue of `count` shards, from 0: the same on every machine and in every version.
    package func shard(of count: Int) -> Int {
        StableHash.shard(of: description, count: count)
    }
}
