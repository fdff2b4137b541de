/// How full a queue is, for senders that hold back.
package struct QueuePressure: Hashable, Sendable {
    /// Messages that are ready, delayed or in flight in the fullest shard.
    package var fullestShard: Int
    /// Messages of all shards that wait for a worker now: ready, or delayed and due.
    package var waiting = 0
    /// The fraction of its memory limit that the server uses, from 0 to 1; nil: it has no limit.
    package var memoryUse: Double?
    /// By fairness key, what those that have a twentieth of a shard or more have there; empty unless asked for.
    package var tenants: [String: Part] = [:]

    /// What one fairness key has.
    package struct Part: Hashable, Sendable {
        /// Messages in the shard where it has the most.
        package var messages: Int
        /// Its part of a shard's bytes, from 0 to 1; of several shards the largest.
        package var bytes: Double

        /// So many messages, and so large a part of the bytes.
        package init(messages: Int, bytes: Double) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    /// A queue in which nothing waits and no tenant stands out.
    package init(fullestShard: Int, memoryUse: Double? = nil) {
        self.fullestShard = fullestShard
        self.memoryUse = memoryUse
    }
}
