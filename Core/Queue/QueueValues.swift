package import Model

/// A queue's name: lower-case letters, digits and hyphens.
package struct QueueName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: String) {
        precondition(
            !text.isEmpty && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
            "a queue's name consists of a-z 0-9 -, this one is \"\(text)\"")
        description = text
    }

    package static let triggers = QueueName("triggers")
    package static let outcomes = QueueName("outcomes")
}

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

/// What one lease of one message is proved by. A receipt whose lease ended settles nothing.
package struct Receipt: Hashable, Sendable {
    package let shard: Int
    package let handle: String

    package init(shard: Int, handle: String) {
        self.shard = shard
        self.handle = handle
    }
}

/// The queue's clock at the time of a commit.
package struct QueueTicket: Hashable, Sendable {
    package var time: Timestamp
    package init(time: Timestamp) { self.time = time }
}

package struct OutgoingMessage: Sendable {
    package var id: MessageID
    /// The fairness key: messages of different keys take turns. Usually the tenant. Empty is a key like any other.
    package var tenant: String
    /// From the ticket's time; unlimited.
    package var delay: Duration
    /// How much of its key's share the message takes: 1 / weight.
    package var cost: Double
    /// How often the id was redriven from the dead letters; comes back with every receive and burial.
    package var generation: Int
    /// Attempts that were made before this send.
    package var attempts: Int
    /// Not empty.
    package var body: [UInt8]

    package init(
        id: MessageID, tenant: String, delay: Duration = .zero, cost: Double = 1, generation: Int = 0,
        attempts: Int = 0,
        body: [UInt8]
    ) {
        precondition(!body.isEmpty, "a message needs a body")
        self.id = id
        self.tenant = tenant
        self.delay = delay
        self.cost = cost
        self.generation = generation
        self.attempts = attempts
        self.body = body
    }
}

package enum SendMode: Sendable {
    /// An id that is known is left as it is.
    case add
    /// As `add`, but a dead letter or an id that is known only because it was settled is replaced.
    case redrive
}

package enum SendResult: Hashable, Sendable {
    case accepted
    /// The queue had the id already; nothing changed.
    case known
    /// The ticket was too old; nothing changed.
    case stale
}

package struct ReceivedMessage: Sendable {
    package var id: MessageID
    package var receipt: Receipt
    package var tenant: String
    /// How often it was received since it was sent or last retried, this time included.
    package var receives: Int
    /// How many attempts were charged by `retry`, and those the sender named.
    package var attempts: Int
    package var generation: Int
    package var body: [UInt8]

    package init(
        id: MessageID, receipt: Receipt, tenant: String, receives: Int, attempts: Int, generation: Int, body: [UInt8]
    ) {
        self.id = id
        self.receipt = receipt
        self.tenant = tenant
        self.receives = receives
        self.attempts = attempts
        self.generation = generation
        self.body = body
    }
}

/// What becomes of one leased message.
package struct Settlement: Sendable {
    package enum Verdict: Hashable, Sendable {
        /// Done: removed.
        case acknowledge
        /// Failed: ready again after a delay, with one attempt charged.
        case retry(after: Duration)
        /// Not tried: ready again after a delay, and this receive does not count.
        case release(after: Duration)
        /// Given up: a dead letter, with one attempt charged.
        case bury(reason: String)
    }

    package var receipt: Receipt
    package var verdict: Verdict
    /// Lines for the outcome queue; sent only if the lease still held. For a burial the sender writes its own.
    package var outcome: [UInt8]

    package init(_ receipt: Receipt, _ verdict: Verdict, outcome: [UInt8] = []) {
        self.receipt = receipt
        self.verdict = verdict
        self.outcome = outcome
    }
}

package enum SettleResult: Hashable, Sendable {
    case settled
    /// The lease had ended: nothing happened, and the outcome was not sent.
    case stale
}

package enum CancelResult: Hashable, Sendable {
    /// No worker ever had it.
    case removed
    /// Removed, and a worker has had it: its target may have seen it.
    case removedAfterReceive
    /// Somebody holds it; its outcome decides.
    case inFlight
    case unknown

    /// The queue does not have it any more.
    package var isGone: Bool { self != .inFlight }
    package var mayBeCalled: Bool { self == .removedAfterReceive || self == .inFlight }
}

package struct DeadLetter: Sendable {
    package var id: MessageID
    package var tenant: String
    package var diedAt: Timestamp
    package var reason: String
    package var receives: Int
    package var attempts: Int
    package var generation: Int
    package var body: [UInt8]

    package init(
        id: MessageID, tenant: String, diedAt: Timestamp, reason: String, receives: Int, attempts: Int, generation: Int,
        body: [UInt8]
    ) {
        self.id = id
        self.tenant = tenant
        self.diedAt = diedAt
        self.reason = reason
        self.receives = receives
        self.attempts = attempts
        self.generation = generation
        self.body = body
    }
}

package struct QueueStatistics: Hashable, Sendable {
    package var ready = 0
    package var delayed = 0
    package var inFlight = 0
    package var dead = 0
    /// Age of the oldest message at the head of the ready set; nil where nothing is ready.
    package var oldestReady: Duration?
    /// Messages that are ready, delayed or in flight, by fairness key.
    package var tenants: [String: Int] = [:]
    /// Messages settled since the queue was made.
    package var settled = 0

    package init() {}

    package static func + (left: QueueStatistics, right: QueueStatistics) -> QueueStatistics {
        var sum = left
        sum.ready += right.ready
        sum.delayed += right.delayed
        sum.inFlight += right.inFlight
        sum.dead += right.dead
        sum.settled += right.settled
        sum.oldestReady = [left.oldestReady, right.oldestReady].compactMap { $0 }.max()
        sum.tenants.merge(right.tenants, uniquingKeysWith: +)
        return sum
    }
}

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

/// What a driver can do beyond the common ground.
package struct QueueCapabilities: Hashable, Sendable {
    /// The longest delay; nil: any.
    package var maximumDelay: Duration?
    package var maximumBatch: Int
    package var isFair: Bool
    package var canCancel: Bool

    package init(maximumDelay: Duration? = nil, maximumBatch: Int, isFair: Bool, canCancel: Bool) {
        self.maximumDelay = maximumDelay
        self.maximumBatch = maximumBatch
        self.isFair = isFair
        self.canCancel = canCancel
    }
}

/// How a queue is set up; the same in every function that uses it (`HEADGATE_QUEUES`, from the topology file).
package struct QueueConfiguration: Hashable, Sendable {
    /// Parts that spread the queue over Redis servers. At least 1.
    package var shards: Int
    /// How long a lease lasts unless it is extended.
    package var visibility: Duration
    /// Receives without a settlement after which a message dies.
    package var maximumReceives: Int

    package init(shards: Int = 4, visibility: Duration = .seconds(30), maximumReceives: Int = 30) {
        precondition(shards >= 1 && visibility > .zero && maximumReceives >= 1, "queue configuration out of range")
        self.shards = shards
        self.visibility = visibility
        self.maximumReceives = maximumReceives
    }
}
