import Model
import Queue
import Testing

/// What repairs and operators rely on; run on every driver.
@Suite struct RepairTests {
    private func settle(_ it: QueueUnderTest, _ verdict: Settlement.Verdict) async throws {
        let received = try await it.receive()
        _ = try await it.queue.settle(received.map { Settlement($0.receipt, verdict, outcome: Array("x\n".utf8)) })
    }

    @Test(arguments: Driver.allCases)
    func `a repair of a redrive that was never sent takes the dead letter's place`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        try await settle(it, .bury(reason: "no"))
        #expect(try await it.send("m") == [.known], "the same generation is dead")
        var again = it.message("m")
        again.generation = 1
        #expect(try await it.queue.send([again]) == [.accepted])
        #expect(try await it.queue.peekDead(limit: 9).isEmpty)
        let received = try await it.receive()
        #expect(received.map(\.generation) == [1])
        #expect(try await it.queue.send([again]) == [.known])
    }

    @Test(arguments: Driver.allCases)
    func `a dead letter does not stand for a redrive that was never sent`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        try await settle(it, .bury(reason: "x"))
        #expect(try await it.queue.holds([(MessageID("m"), 0)]) == [true])
        _ = try await it.takeOutcomes(recorded: ["m"])
        #expect(try await it.queue.holds([(MessageID("m"), 0), (MessageID("m"), 1)]) == [true, false])
    }

    @Test(arguments: Driver.allCases)
    func `what is settled and not recorded is as good as in flight to a cancel`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        try await settle(it, .acknowledge)
        #expect(try await it.queue.cancel([MessageID("m")]) == [.inFlight])
        #expect(try await it.queue.holds([(MessageID("m"), 0), (MessageID("n"), 0)]) == [true, false])
        _ = try await it.takeOutcomes(recorded: ["m"])
        #expect(try await it.queue.cancel([MessageID("m")]) == [.unknown])
        #expect(try await it.queue.holds([(MessageID("m"), 0)]) == [false])
    }

    @Test(arguments: Driver.allCases)
    func `one tenant's dead letters do not hide another's`(driver: Driver) async throws {
        let it = try await driver.make()
        for (tenant, count) in [("noisy", 900), ("quiet", 2)] {
            for start in stride(from: 0, to: count, by: 100) {
                let end = min(start + 100, count)
                _ = try await it.queue.send((start..<end).map { it.message("\(tenant)\($0)", tenant: tenant) })
                let received = try await it.receive(100)
                _ = try await it.queue.settle(received.map { Settlement($0.receipt, .bury(reason: "no")) })
            }
            it.advance(.seconds(1))
        }
        #expect(try await it.queue.peekDead(limit: 100, tenant: "quiet").map(\.tenant) == ["quiet", "quiet"])
        #expect(try await it.queue.peekDead(limit: 1, tenant: "quiet").count == 1)
        #expect(try await it.queue.peekDead(limit: 5).map(\.tenant) == Array(repeating: "noisy", count: 5))
        #expect(try await it.queue.peekDead(limit: 3_000).count == 902)
    }

    @Test(arguments: Driver.allCases)
    func `purging outcomes lets their triggers be sent again`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("m")
        try await settle(it, .acknowledge)
        #expect(try await it.send("m") == [.known])
        #expect(try await it.outcomes.purge() == 1)
        #expect(try await it.send("m") == [.accepted])
    }

    @Test(arguments: Driver.allCases) func `pressure is the number of messages`(driver: Driver) async throws {
        let it = try await driver.make()
        _ = try await it.send("a", "b")
        _ = try await it.send("c", delay: .seconds(5))
        _ = try await it.receive(1)
        #expect(try await it.queue.pressure().fullestShard == 3)
        #expect(try await it.queue.pressure().waiting == 1)
        it.advance(.seconds(5))
        #expect(try await it.queue.pressure().waiting == 2)
    }

    @Test(arguments: Driver.allCases)
    func `pressure names those who have much of the queue, by messages and by bytes`(driver: Driver) async throws {
        let it = try await driver.make()
        for start in stride(from: 0, to: 1_000, by: 500) {
            _ = try await it.queue.send(
                (start..<start + 500).map { it.message("n\($0)", tenant: "noisy", delay: .seconds(9)) })
        }
        for tenant in 0..<100 { _ = try await it.queue.send([it.message("q\(tenant)", tenant: "quiet\(tenant)")]) }
        // Enough that a sample of 400 has some of them.
        for number in 0..<100 {
            var large = it.message("l\(number)", tenant: "large")
            large.body = Array(repeating: 1, count: 40_000)
            _ = try await it.queue.send([large])
        }
        #expect(try await it.queue.pressure(byTenant: false).tenants.isEmpty)
        let tenants = try await it.queue.pressure(byTenant: true).tenants
        #expect(tenants["noisy"]?.messages == 1_000 && tenants["quiet3"] == nil)
        #expect(tenants["large"]?.bytes ?? 0 > 0.5)
    }

    /// A loss between reading and writing would be hidden by the new counter.
    @Test func `a generation is not written over a counter that has changed since it was read`() async throws {
        let it = try await QueueUnderTest.redis()
        let queue = try #require(it.queue as? any QueueGeneration)
        let empty = try await queue.readGeneration()
        #expect(empty.counters == [nil])
        #expect(try await queue.writeGeneration(3, replacing: empty) == [])
        let third = try await queue.readGeneration()
        #expect(third.counters == [3])
        #expect(try await queue.writeGeneration(4, replacing: empty) == [0])
        #expect(try await queue.readGeneration().counters == [3])
        #expect(try await queue.writeGeneration(5, replacing: third) == [])
        #expect(try await queue.writeGeneration(6, replacing: third) == [0])
        #expect(try await queue.readGeneration().counters == [5])
    }
}

/// Shares of the queue while room is scarce (protocols.md, 12a).
@Suite struct QueueSharesTests {
    private func held(_ total: Int, memory: Double? = nil, _ tenants: [String: (Int, Double)]) -> Set<String> {
        var pressure = QueuePressure(fullestShard: total, memoryUse: memory)
        pressure.tenants = tenants.mapValues { QueuePressure.Part(messages: $0.0, bytes: $0.1) }
        return QueueShares(messages: 1_000, memory: 0.7).held(pressure)
    }

    @Test func `nobody is held while there is room, and who has more than a share where there is little`() {
        #expect(held(499, ["a": (499, 1)]).isEmpty)
        #expect(held(500, ["a": (500, 1)]) == ["a"], "one alone has half of the queue at most")
        #expect(held(600, ["a": (560, 0.9), "b": (40, 0.1)]) == ["a"])
        #expect(held(600, ["a": (300, 0.5), "b": (300, 0.5)]) == ["a", "b"])
        #expect(held(900, [:]).isEmpty)
    }

    @Test func `what fills the memory is held, however few messages it is`() {
        #expect(held(10, memory: 0.3, ["a": (5, 0.9)]).isEmpty)
        #expect(held(10, memory: 0.4, ["a": (5, 0.9), "b": (5, 0.1)]) == ["a"])
    }

    @Test func `planning waits for workers that are behind with everybody's, and not for one tenant's backlog`() {
        func isPaced(_ waiting: Int, _ tenants: [String: (Int, Double)]) -> Bool {
            var pressure = QueuePressure(fullestShard: 100)
            pressure.waiting = waiting
            pressure.tenants = tenants.mapValues { QueuePressure.Part(messages: $0.0, bytes: $0.1) }
            return QueueShares(messages: 1_000, memory: 0.7, backlog: 50).isPaced(pressure)
        }
        #expect(!isPaced(49, [:]) && isPaced(50, [:]))
        #expect(isPaced(50, ["a": (10, 0.1), "b": (10, 0.1)]))
        #expect(!isPaced(50, ["noisy": (20, 0.2)]))
    }
}
