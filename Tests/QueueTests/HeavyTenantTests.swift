import Model
import Queue
import Redis
import TestServers
import Testing

/// What holds for a tenant with thousands of messages, and for those beside it; run on every driver.
@Suite struct HeavyTenantTests {
    private static let size = 4_500

    /// Many messages of one tenant that become due at the same time as some of another.
    private func manyDelayed(_ driver: Driver, quiet: Int = 20) async throws -> QueueUnderTest {
        let it = try await driver.make()
        let noisy = (0..<HeavyTenantTests.size).map { it.message("noisy\($0)", tenant: "noisy", delay: .seconds(5)) }
        for start in stride(from: 0, to: noisy.count, by: 1_000) {
            _ = try await it.queue.send(Array(noisy[start..<min(start + 1_000, noisy.count)]))
        }
        _ = try await it.queue.send(
            (0..<quiet).map { it.message("zquiet\($0)", tenant: "quiet", delay: .seconds(5)) })
        return it
    }

    @Test(arguments: Driver.allCases)
    func `many messages of one tenant that become due at once keep nobody else waiting`(driver: Driver) async throws {
        let it = try await manyDelayed(driver)
        it.advance(.seconds(5))
        #expect(try await it.receive(42).filter { $0.tenant == "quiet" }.count == 20)
        var noisy = 0
        while case let received = try await it.receive(1_000, visibility: .seconds(600)), !received.isEmpty {
            noisy += received.count
        }
        #expect(noisy == HeavyTenantTests.size - 22, "none of them stays behind")
    }

    /// With every message of a heavy tenant made ready before the first lease, each 3,000 cost all others 10 ms.
    @Test func `Redis makes a heavy tenant's messages ready in parts between leases`() async throws {
        let it = try await manyDelayed(.redis)
        it.advance(.seconds(5))
        _ = try await it.receive(42)
        let statistics = try await it.queue.statistics()
        #expect(statistics.delayed > HeavyTenantTests.size / 2, "only a part was moved before the first lease")
        #expect(statistics.delayed + statistics.ready + statistics.inFlight == HeavyTenantTests.size + 20)
    }

    @Test(arguments: Driver.allCases)
    func `many that are retried or lose their leases keep nobody else waiting either`(driver: Driver) async throws {
        let it = try await manyDelayed(driver, quiet: 0)
        it.advance(.seconds(5))
        var held: [Receipt] = []
        while case let received = try await it.receive(1_000, visibility: .seconds(30)), !received.isEmpty {
            held += received.map(\.receipt)
        }
        #expect(held.count == HeavyTenantTests.size)
        #expect(try await it.queue.retry(Array(held.prefix(3_000)), after: .seconds(30)).allSatisfy { $0 == .settled })
        _ = try await it.queue.send((0..<20).map { it.message("q\($0)", tenant: "quiet", delay: .seconds(30)) })
        it.advance(.seconds(30))
        let received = try await it.receive(42)
        #expect(received.filter { $0.tenant == "quiet" }.count == 20)
        #expect(received.filter { $0.tenant == "noisy" }.count == 22)
    }

    @Test(arguments: Driver.allCases)
    func `of a heavy tenant's delayed messages each can be cancelled, counted and purged`(driver: Driver) async throws {
        let it = try await manyDelayed(driver)
        let some = (2_000..<3_000).map { MessageID("noisy\($0)") }
        #expect(try await it.queue.cancel(some).allSatisfy { $0 == .removed })
        var statistics = try await it.queue.statistics()
        #expect(statistics.delayed == HeavyTenantTests.size - 1_000 + 20 && statistics.tenants["noisy"] == 3_500)
        #expect(try await it.queue.pressure().fullestShard == 3_520)
        #expect(try await it.queue.maintain() == 0, "nothing is due and nothing is lost")
        #expect(try await it.queue.purge() == 3_520)
        statistics = try await it.queue.statistics()
        #expect(statistics.delayed == 0 && statistics.tenants.isEmpty)
        it.advance(.seconds(5))
        #expect(try await it.receive().isEmpty)
    }

    /// The receiver waits by the server's clock, two minutes if nothing wakes it.
    @Test func `delayed messages of a heavy tenant wake a receiver, also where nothing else is delayed`() async throws {
        let url = try await RedisURL(TestServer.sharedRedis.value.redisURL)
        let queue = RedisQueue(
            name: .triggers, configuration: .init(shards: 1), url: url, prefix: "w\(UInt32.random(in: 0...UInt32.max))")
        func messages(_ range: Range<Int>, _ delay: Duration) -> [OutgoingMessage] {
            range.map { OutgoingMessage(id: MessageID("m\($0)"), tenant: "t", delay: delay, body: [1]) }
        }
        let first = messages(0..<1_000, .seconds(3_600))
        _ = try await queue.send(first)
        let receiving = Task { try await queue.receive(upTo: 1_000, visibility: .seconds(300), wait: .seconds(120)) }
        try await Task.sleep(for: .milliseconds(100))
        let start = ContinuousClock.now
        _ = try await queue.send(messages(1_000..<1_200, .milliseconds(300)))
        _ = try await queue.cancel(first.map(\.id))
        #expect(try await receiving.value.count == 200)
        #expect(ContinuousClock.now - start < .seconds(100), "not the end of the wait")
    }

    /// Another program may make a message of a heavy tenant ready without finding it among the delayed.
    @Test func `a message of a heavy tenant that is held or dead already is not handed out a second time`() async throws
    {
        let url = try await RedisURL(TestServer.sharedRedis.value.redisURL)
        let prefix = "g\(UInt32.random(in: 0...UInt32.max))"
        let queue = RedisQueue(name: .triggers, configuration: .init(shards: 1), url: url, prefix: prefix)
        let messages = (0..<1_002).map {
            OutgoingMessage(id: MessageID("m\($0)"), tenant: "t", delay: .seconds($0 >= 1_000 ? 1 : 3_600), body: [1])
        }
        _ = try await queue.send(Array(messages.prefix(1_000)))
        _ = try await queue.send(Array(messages.suffix(2)))
        let redis = RedisConnection(url: url)
        _ = try await redis.call([RedisCommand("ZADD", "\(prefix):{0}:triggers:r", "0", "m1000", "0", "m1001")])
        let held = try await queue.receive(upTo: 10, visibility: .seconds(3_600), wait: .zero)
        #expect(held.map(\.id.description) == ["m1000", "m1001"])
        _ = try await queue.settle([Settlement(held[1].receipt, .bury(reason: "no"))])
        try await Task.sleep(for: .milliseconds(1_100))
        #expect(try await queue.receive(upTo: 10, visibility: .seconds(3_600), wait: .zero).isEmpty)
        #expect(try await queue.acknowledge([held[0].receipt]) == [true])
        #expect(try await queue.statistics().dead == 1)
    }
}
