import Model
import Queue
import TestRandom
import Testing

/// What every driver keeps to for queues of hints (protocols.md, 16a).
@Suite struct CoalescingTests {
    /// Ids received now, in order; all are acknowledged.
    private func drain(_ it: QueueUnderTest) async throws -> [String] {
        let received = try await it.receive(100)
        _ = try await it.queue.acknowledge(received.map(\.receipt))
        return received.map(\.id.description)
    }

    @Test(arguments: Driver.allCases, [(60, 10), (10, 60), (60, 0), (0, 60), (10, 10)])
    func `of two sends the earlier time counts, and one message comes`(driver: Driver, delays: (Int, Int)) async throws
    {
        let it = try await QueueUnderTest.coalescing(driver)
        #expect(try await it.send("e", delay: .seconds(delays.0)) == [.accepted])
        #expect(try await it.send("e", delay: .seconds(delays.1)) == [.coalesced])
        let earlier = min(delays.0, delays.1)
        if earlier > 0 {
            it.advance(.milliseconds(earlier * 1_000 - 1))
            #expect(try await drain(it).isEmpty)
            it.advance(.milliseconds(1))
        }
        #expect(try await drain(it) == ["e"])
        it.advance(.seconds(120))
        #expect(try await drain(it).isEmpty)
        #expect(try await it.queue.statistics().tenants.isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `in one batch, too, and the last body counts`(driver: Driver) async throws {
        let it = try await QueueUnderTest.coalescing(driver)
        let bodies = [(60, "one"), (0, "two"), (30, "three")].map { delay, body in
            OutgoingMessage(id: MessageID("e"), tenant: "a", delay: .seconds(delay), body: Array(body.utf8))
        }
        #expect(try await it.queue.send(bodies) == [.accepted, .coalesced, .coalesced])
        let received = try await it.receive()
        #expect(received.map { String(decoding: $0.body, as: UTF8.self) } == ["three"])
        #expect(try await it.queue.statistics().tenants == ["a": 1])
    }

    @Test(arguments: Driver.allCases) func `what is acknowledged is forgotten at once`(driver: Driver) async throws {
        let it = try await QueueUnderTest.coalescing(driver)
        for _ in 0..<3 {
            #expect(try await it.send("e") == [.accepted])
            #expect(try await drain(it) == ["e"])
        }
        #expect(try await it.queue.cancel([MessageID("x")]) == [.unknown])
        #expect(try await it.send("x") == [.accepted])
    }

    @Test(
        arguments: Driver.allCases,
        [.acknowledge, .retry(after: .seconds(600)), .release(after: .seconds(600)), .bury(reason: "bad")]
            as [Settlement.Verdict])
    func `what is sent during its lease comes again when the lease ends, however it ends`(
        driver: Driver, verdict: Settlement.Verdict
    ) async throws {
        let it = try await QueueUnderTest.coalescing(driver)
        _ = try await it.send("e")
        let first = try #require(try await it.receive().first)
        #expect(try await it.send("e", delay: .seconds(5)) == [.coalesced])
        #expect(try await it.send("e", delay: .seconds(9)) == [.coalesced])
        #expect(try await it.receive().isEmpty, "it is leased")
        #expect(try await it.queue.settle([Settlement(first.receipt, verdict)]) == [.settled])
        #expect(try await it.receive().isEmpty, "not due yet")
        it.advance(.seconds(5))
        let second = try #require(try await it.receive().first)
        #expect(second.receives == 1)
        _ = try await it.queue.acknowledge([second.receipt])
        it.advance(.seconds(3_600))
        #expect(try await it.receive().isEmpty)
        #expect(try await it.queue.peekDead(limit: 1).isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `a lease that runs out is what a send during it asked for, unless that is due later`(driver: Driver)
        async throws
    {
        let it = try await QueueUnderTest.coalescing(driver)
        _ = try await it.send("now", "later")
        _ = try await it.receive()
        _ = try await it.send("now")
        _ = try await it.send("later", delay: .seconds(45))
        it.advance(.seconds(30))
        #expect(try await Set(drain(it)) == ["now", "later"])
        #expect(try await drain(it).isEmpty)
        it.advance(.seconds(15))
        #expect(try await drain(it) == ["later"])
        it.advance(.seconds(3_600))
        #expect(try await drain(it).isEmpty)
    }

    @Test(arguments: Driver.allCases)
    func `a hint that kills its workers dies, and a new one takes its place`(driver: Driver) async throws {
        let it = try await QueueUnderTest.coalescing(driver)
        _ = try await it.send("e")
        for _ in 0..<3 {
            #expect(try await it.receive().count == 1)
            it.advance(.seconds(31))
        }
        #expect(try await it.receive().isEmpty)
        #expect(try await it.queue.peekDead(limit: 9).map(\.id.description) == ["e"])
        #expect(try await it.send("e") == [.accepted])
        #expect(try await it.queue.peekDead(limit: 9).isEmpty)
        #expect(try await it.receive().map(\.receives) == [1])
        #expect(try await it.queue.statistics().dead == 0)
    }

    /// Random sends, receives, settlements and lapses: nothing that was sent goes without a later receive, and the
    /// drivers agree.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `no send goes unheard, and all drivers do the same`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let pair = (try await QueueUnderTest.coalescing(.inMemory), try await QueueUnderTest.coalescing(.redis))
        var leases: [String: (one: Receipt, other: Receipt, until: Timestamp)] = [:]
        /// By id, the earliest time that a send since its last receive has asked for.
        var owed: [String: Timestamp] = [:]
        func receive() async throws {
            // The order within a tenant depends on the driver.
            let left = try await pair.0.receive(100).sorted { $0.id.description < $1.id.description }
            let right = try await pair.1.receive(100).sorted { $0.id.description < $1.id.description }
            #expect(left.map(\.id) == right.map(\.id), "seed \(seed)")
            #expect(left.map(\.receives) == right.map(\.receives) && left.map(\.body) == right.map(\.body))
            for (one, other) in zip(left, right) {
                leases[one.id.description] = (one.receipt, other.receipt, pair.0.now + .seconds(30))
                owed[one.id.description] = nil
            }
            let dead = try await Set(pair.0.queue.peekDead(limit: 100).map(\.id.description))
            for (id, due) in owed where due <= pair.0.now && !dead.contains(id) {
                #expect(
                    leases[id].map { $0.until > pair.0.now } ?? false, "seed \(seed): \(id) is due, and is not leased")
            }
        }
        for step in 0..<600 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...3:
                let id = "e\(Int.random(in: 0..<12, using: &random))"
                let delay = Duration.seconds(Int.random(in: 0..<4, using: &random) * 7)
                let message = OutgoingMessage(
                    id: MessageID(id), tenant: "t\(id.utf8.count)", delay: delay, body: Array("\(step)".utf8))
                let results = (try await pair.0.queue.send([message]), try await pair.1.queue.send([message]))
                #expect(results.0 == results.1, "seed \(seed), step \(step)")
                owed[id] = min(owed[id] ?? .distantFuture, pair.0.now + delay)
            case 4, 5: try await receive()
            case 6, 7:
                guard let id = leases.keys.sorted().randomElement(using: &random), let (one, other, _) = leases[id]
                else {
                    continue
                }
                leases[id] = nil
                let verdicts: [Settlement.Verdict] = [
                    .acknowledge, .acknowledge, .retry(after: .seconds(3)), .release(after: .zero),
                ]
                let verdict = verdicts.randomElement(using: &random)!
                let results = (
                    try await pair.0.queue.settle([Settlement(one, verdict)]),
                    try await pair.1.queue.settle([Settlement(other, verdict)])
                )
                #expect(results.0 == results.1, "seed \(seed), step \(step)")
            default:
                let time = Duration.milliseconds(Int.random(in: 1...9_000, using: &random))
                pair.0.advance(time)
                pair.1.advance(time)
            }
        }
        for _ in 0..<20 {
            for it in [pair.0, pair.1] { it.advance(.seconds(10)) }
            try await receive()
            _ = try await pair.0.queue.acknowledge(leases.values.map(\.one))
            _ = try await pair.1.queue.acknowledge(leases.values.map(\.other))
            leases = [:]
        }
        let dead = try await pair.0.queue.peekDead(limit: 100).map(\.id.description)
        #expect(owed.keys.filter { !dead.contains($0) }.isEmpty, "seed \(seed): \(owed)")
        #expect(try await pair.1.queue.peekDead(limit: 100).map(\.id.description).sorted() == dead.sorted())
    }
}
