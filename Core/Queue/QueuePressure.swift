/// How full a queue is: what senders hold back on.
package struct QueuePressure: Hashable, Sendable {
    /// Messages that are ready, delayed or in flight in the fullest shard.
    package var fullestShard: Int
    /// Messages that wait for a worker now, of all shards.
    package var waiting = 0
    /// The share of its memory that the server uses; nil: it has no limit.
    package var memoryUse: Double?
    /// What fairness keys with much of a shard have of it, where that was asked for.
    package var tenants: [String: Part] = [:]

    package struct Part: Hashable, Sendable {
        /// Messages in the shard where it has most.
        package var messages: Int
        /// Its share of that shard's bytes, from 0 to 1.
        package var bytes: Double

        package init(messages: Int, bytes: Double) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    package init(fullestShard: Int, memoryUse: Double? = nil) {
        self.fullestShard = fullestShard
        self.memoryUse = memoryUse
    }
}
