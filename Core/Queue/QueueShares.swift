/// Decides what senders hold back: everything from a queue that is full, and, while room is scarce, what belongs to tenants that have
/// more than their share of it (protocols.md, 12 and 12a). A tenant alone may have half of the queue; the others' half is theirs.
package struct QueueShares: Hashable, Sendable {
    /// Messages in one shard from which on nothing more is sent.
    package var messages: Int
    /// The share of the server's memory from which on nothing more is sent.
    package var memory: Double
    /// Messages that wait for a worker, of all shards, from which on workers are behind.
    package var backlog: Int

    package init(messages: Int, memory: Double, backlog: Int = 20_000) {
        self.messages = messages
        self.memory = memory
        self.backlog = backlog
    }

    package func isFull(_ pressure: QueuePressure) -> Bool {
        pressure.fullestShard >= messages || pressure.memoryUse ?? 0 >= memory
    }

    /// Whether room is scarce, or workers are behind, and it is to be asked who has how much.
    package func isScarce(_ pressure: QueuePressure) -> Bool {
        pressure.fullestShard >= messages / 2 || pressure.memoryUse ?? 0 >= memory / 2 || isBehind(pressure)
    }

    private func isBehind(_ pressure: QueuePressure) -> Bool { pressure.waiting >= backlog }

    /// Whether workers are behind with everybody's triggers, and planning more of them now would only take from the workers what they
    /// need (protocols.md, 12b). What is due then stays where it is, in the order in which it is due. Where a few tenants have most of
    /// what waits the others are not behind: they have their turns in the queue, and go on being planned.
    package func isPaced(_ pressure: QueuePressure) -> Bool {
        isBehind(pressure)
            && !pressure.tenants.values.contains { $0.messages * QueueShares.crowdingParts >= pressure.fullestShard }
    }
    /// A tenant with so large a part of a shard, the inverse of this, is itself the backlog.
    private static let crowdingParts = 5

    /// The fairness keys that get nothing more for now.
    package func held(_ pressure: QueuePressure) -> Set<String> {
        let isShort = pressure.fullestShard >= messages / 2 || pressure.memoryUse ?? 0 >= memory / 2
        guard isShort, !pressure.tenants.isEmpty else { return [] }
        let share = max(1, messages / 2 / pressure.tenants.count)
        let isShortOfMemory = pressure.memoryUse ?? 0 >= memory / 2
        return Set(
            pressure.tenants.filter { _, part in
                part.messages >= share || isShortOfMemory && part.bytes * Double(pressure.tenants.count + 1) >= 1
            }.keys)
    }
}
