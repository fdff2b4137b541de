import Memory
import Model
import SQS
import TestRandom
import Testing

/// Random walks: Redis does what the lists and loops of the driver in memory do, operation by operation.
@Suite struct StoreWalkTests {
    @Test(
        "10,000 random operations end alike in Redis and in memory", arguments: [1, 2, 3] as [UInt64], [false, true])
    func walk(seed: UInt64, isFIFO: Bool) async throws {
        var walk = try await Walk(seed: seed, isFIFO: isFIFO)
        for step in 0..<10_000 { try await walk.step(step) }
        #expect(walk.given > 2_000, "a walk that receives little shows little")
        #expect(walk.dead > 20)
    }
}

/// Two stores that are given the same operations at the same times.
private struct Walk {
    private let redis: StoreUnderTest
    private let memory: StoreUnderTest
    private var random: SeededGenerator
    private let seed: UInt64
    private let isFIFO: Bool
    /// The queue and its dead-letter queue, whose records are the same in both stores.
    private var queue: QueueRecord
    private var deadLetters: QueueRecord
    private var handles: [SQSStoredMessage] = []
    private var count = 0
    /// The last operations, for the message of a failure.
    private var last: [String] = []
    var given = 0
    var dead = 0

    init(seed: UInt64, isFIFO: Bool) async throws {
        redis = try await StoreUnderTest(.redis)
        memory = try await StoreUnderTest(.inMemory)
        random = SeededGenerator(seed: seed)
        self.seed = seed
        self.isFIFO = isFIFO
        let suffix = isFIFO ? ".fifo" : ""
        (queue, deadLetters) = try await redis.queueWithDead("walk" + suffix, maximumReceives: 4)
        try queue.attributes.set([("MessageRetentionPeriod", "600")], isNew: false)
        _ = try await redis.store.replace(queue)
        _ = try await memory.store.create(deadLetters)
        queue.revision += 1
        _ = try await memory.store.create(queue)
    }

    /// Carries out an operation on both stores and compares the results.
    private mutating func both<Result: Equatable>(
        _ step: Int, _ what: String, _ body: (StoreUnderTest) async throws -> Result
    ) async throws -> Result {
        let (one, other) = (try await body(redis), try await body(memory))
        try #require(one == other, "seed \(seed), step \(step): \(what); before: \(last.joined(separator: "; "))")
        if what.hasPrefix("counts") == false {
            last = last.suffix(14) + ["\(what)@\(memory.now.milliseconds % 1_000_000)"]
        }
        return one
    }

    mutating func step(_ step: Int) async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<18: try await send(step)
        case 18..<48: try await receive(step)
        case 48..<70: try await delete(step)
        case 70..<80: try await changeVisibility(step)
        case 80..<83: try await giveBack(step)
        case 83..<86: try await move(step)
        case 86:
            if Int.random(in: 0..<20, using: &random) == 0 {
                _ = try await both(step, "purge") { [queue] in try await $0.store.purge(queue) }
            }
        case 87..<90:
            for state in SQSMessageState.allCases {
                _ = try await both(step, "peek \(state)") { [queue] in
                    try await $0.store.peek(state, limit: 20, in: queue)
                }
            }
        default:
            let time = Duration.milliseconds(Int64.random(in: 0...20_000, using: &random))
            redis.advance(time)
            memory.advance(time)
        }
        _ = try await both(step, "counts") { [queue] in try await $0.counts(queue) }
        _ = try await both(step, "counts of dead letters") { [deadLetters] in try await $0.counts(deadLetters) }
    }

    private mutating func send(_ step: Int) async throws {
        let deliveries = (0..<Int.random(in: 1...5, using: &random)).map { _ in
            count += 1
            let id = isFIFO && Bool.random(using: &random) ? "\(Int.random(in: 0..<40, using: &random))" : nil
            var delivery = redis.delivery(
                "m\(count)", group: ["a", "b", "c", isFIFO ? "d" : ""].randomElement(using: &random)!,
                delay: Int.random(in: 0..<4, using: &random) == 0 ? Int.random(in: 0...20, using: &random) : 0,
                deduplication: id)
            delivery.message.id = Identifier(high: seed, low: UInt64(count))
            return delivery
        }
        _ = try await both(step, "send") { [queue] in try await $0.store.send(deliveries, to: queue) }
    }

    private mutating func receive(_ step: Int) async throws {
        var options = SQSReceive(
            limit: Int.random(in: 1...10, using: &random), visibility: Int.random(in: 0...40, using: &random))
        if isFIFO, Int.random(in: 0..<3, using: &random) == 0 {
            options.attemptID = "t\(Int.random(in: 0..<5, using: &random))"
        }
        if Int.random(in: 0..<10, using: &random) == 0 { options.inFlightLimit = 12 }
        let before = try await memory.counts(deadLetters).reduce(0, +)
        let received = try await both(step, "receive \(options)") { [queue] in
            try await $0.store.receive(options, from: queue)
        }
        given += received.messages.count
        dead += try await memory.counts(deadLetters).reduce(0, +) - before
        handles += received.messages
        if handles.count > 60 { handles.removeFirst(handles.count - 60) }
    }

    private mutating func delete(_ step: Int) async throws {
        let chosen = (0..<4).compactMap { _ in handles.randomElement(using: &random)?.handle(in: queue) }
        _ = try await both(step, "delete \(chosen.map(\.number))") { [queue] in
            try await $0.store.delete(chosen, from: queue)
        }
    }

    private mutating func changeVisibility(_ step: Int) async throws {
        guard let message = handles.randomElement(using: &random) else { return }
        let timeout = Bool.random(using: &random) ? 0 : Int.random(in: 1...43_200, using: &random) / 500
        _ = try await both(step, "change \(message.number) to \(timeout)") { [queue] in
            try await $0.change(message, to: timeout, in: queue)
        }
    }

    private mutating func giveBack(_ step: Int) async throws {
        guard let message = handles.randomElement(using: &random) else { return }
        _ = try await both(step, "give back \(message.number)") { [queue] in
            try await $0.store.giveBack([message.handle(in: queue)], to: queue)
            return true
        }
    }

    private mutating func move(_ step: Int) async throws {
        var letters = try await both(step, "peek dead") { [deadLetters] in
            try await $0.store.peek(.visible, limit: 20, in: deadLetters)
        }
        for index in letters.indices {
            count += 1
            letters[index].message.id = Identifier(high: seed, low: UInt64(count))
        }
        _ = try await both(step, "move") { [letters, queue, deadLetters] in
            try await $0.store.move(letters, from: deadLetters, to: queue)
        }
    }
}
