/// Decides what senders hold back: everything if the queue is full, and while room is scarce the triggers of tenants
/// that exceed their share (protocols.md, 12 and 12a).
///
/// A tenant alone may fill half of the queue; the other half is left to others.
package struct QueueShares: Hashable, Sendable {
    /// Messages in one shard at which sending stops.
    package var messages: Int
    /// The fraction of the server's memory at which sending stops.
    package var memory: Double
    /// Messages of all shards waiting for a worker at which the workers count as behind.
    package var backlog: Int

    /// These limits; a backlog of 20,000 unless given.
    package init(messages: Int, memory: Double, backlog: Int = 20_000) {
        self.messages = messages
        self.memory = memory
        self.backlog = backlog
    }

    /// Whether nothing more may be sent.
    package func isFull(_ pressure: QueuePressure) -> Bool {
        pressure.fullestShard >= messages || pressure.memoryUse ?? 0 >= memory
    }

    /// Whether room is scarce or workers are behind, so that the pressure by tenant matters.
    package func isScarce(_ pressure: QueuePressure) -> Bool {
        pressure.fullestShard >= messages / 2 || pressure.memoryUse ?? 0 >= memory / 2 || isBehind(pressure)
    }

    private func isBehind(_ pressure: QueuePressure) -> Bool { pressure.waiting >= backlog }

    /// Whether to stop planning because the workers are behind with everybody's triggers: more of them now would only
    /// compete for the workers (protocols.md, 12b). What is due stays in the store, in due order.
    ///
    /// If a few tenants hold most of what waits, the others are not behind: they get their turns in the queue, and
    /// planning goes on.
    package func isPaced(_ pressure: QueuePressure) -> Bool {
        isBehind(pressure)
            && !pressure.tenants.values.contains { $0.messages * QueueShares.heavyParts >= pressure.fullestShard }
    }
    /// A tenant with at least this fraction (1/5) of a shard is itself the backlog.
    private static let heavyParts = 5

    /// The fairness keys for which nothing more is sent for now; needs the pressure by tenant.
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
