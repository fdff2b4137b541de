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
        let it = try driver.make()
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
        let it = try driver.make()
        _ = try await it.send("m")
        try await settle(it, .bury(reason: "x"))
        #expect(try await it.queue.holds([(MessageID("m"), 0)]) == [true])
        _ = try await it.takeOutcomes(recorded: ["m"])
        #expect(try await it.queue.holds([(MessageID("m"), 0), (MessageID("m"), 1)]) == [true, false])
    }

    @Test(arguments: Driver.allCases)
    func `what is settled and not recorded is as good as in flight to a cancel`(driver: Driver) async throws {
        let it = try driver.make()
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
        let it = try driver.make()
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
        let it = try driver.make()
        _ = try await it.send("m")
        try await settle(it, .acknowledge)
        #expect(try await it.send("m") == [.known])
        #expect(try await it.outcomes.purge() == 1)
        #expect(try await it.send("m") == [.accepted])
    }

    @Test(arguments: Driver.allCases) func `pressure is the number of messages`(driver: Driver) async throws {
        let it = try driver.make()
        _ = try await it.send("a", "b")
        _ = try await it.send("c", delay: .seconds(5))
        _ = try await it.receive(1)
        #expect(try await it.queue.pressure().fullestShard == 3)
    }
}
