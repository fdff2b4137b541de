import Model
import Queue
import Redis
import Synchronization
import TestServers
import Testing

/// What workers read of tenants in Redis, and rates.
@Suite struct TenantTests {
    private let prefix = "t\(UInt64.random(in: 0...UInt64.max))"
    private func url() async throws -> RedisURL { try await RedisURL(TestServer.sharedRedis.value.redisURL) }
    private func entry(_ tenant: TenantID, _ version: Int, rate: Double?) -> DirectoryEntry {
        DirectoryEntry(tenant: tenant, version: version, record: TenantRecord(maxRate: rate))
    }

    @Test func `an older entry that comes late changes nothing, not even after a removal`() async throws {
        let directory = RedisTenantDirectory(url: try await url(), prefix: prefix)
        #expect(try await directory.state() == nil)
        try await directory.publish([entry("a", 5, rate: 2), entry("b", 3, rate: 7)], completeTo: 5)
        try await directory.publish([entry("a", 4, rate: 1), entry("b", 6, rate: nil)], completeTo: nil)
        try await directory.publish([entry("b", 5, rate: 9)], completeTo: 4)
        let records = try await directory.records(of: ["a", "b", "c"])
        #expect(try records[0].map { try TenantRecord(decoding: $0) }?.maxRate == 2)
        #expect(records[1] == nil && records[2] == nil)
        let state = try #require(try await directory.state())
        #expect(state.version == 5 && state.count == 2)
        try await directory.publish([], completeTo: 6)
        #expect(try await directory.state()?.change != state.change)
        try await directory.clear()
        #expect(try await directory.state() == nil)
    }

    @Test func `a record is read as it was written`() throws {
        let secret = SealedSecret(current: [1, 2], previous: [3], previousUntil: Timestamp(seconds: 9))
        let record = TenantRecord(
            maxRate: 0.25, targetRates: ["b": 2, "a": 1e6], isPaused: true,
            secrets: ["x": secret, "y": .init(current: [])])
        #expect(try TenantRecord(decoding: record.encoded) == record)
        #expect(TenantRecord().isPlain && !record.isPlain)
    }

    // MARK: Rates

    private func limiter(_ clock: @escaping @Sendable () -> Timestamp) async throws -> RedisRateLimiter {
        RedisRateLimiter(url: try await url(), prefix: prefix, clock: clock)
    }
    private func request(
        _ id: Int, tenant: TenantID = "a", longest: Duration = .seconds(3_600), _ rates: [String: Double]
    ) -> RateRequest {
        RateRequest(
            id: MessageID("\(id)"), tenant: tenant, longest: longest,
            buckets: rates.sorted { $0.key < $1.key }.map { .init(name: $0.key, rate: $0.value) })
    }

    @Test func `calls of a bucket are spaced by its rate, and each that waits gets a time of its own`() async throws {
        let time = Mutex(Timestamp(seconds: 1_790_000_000))
        let limiter = try await limiter { time.withLock { $0 } }
        let waits = try await limiter.reserve((0..<5).map { request($0, ["all": 10]) })
        #expect(waits == [0, 100, 200, 300, 400].map { .milliseconds($0) })
        // Asked again before its time, it keeps its place; others come after.
        time.withLock { $0 = $0 + .milliseconds(50) }
        #expect(
            try await limiter.reserve([request(1, ["all": 10]), request(9, ["all": 10])]) == [
                .milliseconds(50), .milliseconds(450),
            ])
        time.withLock { $0 = $0 + .milliseconds(50) }
        #expect(try await limiter.reserve([request(1, ["all": 10])]) == [.zero])
        // What has been called once must wait again for a second attempt.
        #expect(try await limiter.reserve([request(1, ["all": 10])]) == [.milliseconds(500)])
    }

    @Test func `a call waits for the slower of its buckets, and tenants do not share them`() async throws {
        let limiter = try await limiter { Timestamp(seconds: 1_790_000_000) }
        let rates = ["all": 100.0, "target:x": 2.0]
        #expect(try await limiter.reserve([request(0, rates), request(1, rates)]) == [.zero, .milliseconds(500)])
        #expect(try await limiter.reserve([request(0, tenant: "b", rates)]) == [.zero])
        // The slow target takes places of the whole, and does not hold it up.
        #expect(try await limiter.reserve([request(2, ["all": 100])]) == [.milliseconds(20)])
    }

    @Test func `one that cannot wait so long takes no place from others`() async throws {
        let time = Mutex(Timestamp(seconds: 1_790_000_000))
        let limiter = try await limiter { time.withLock { $0 } }
        // Twice what the rate allows, each useful for two seconds: the others get through at the rate.
        var went = 0
        for second in 0..<20 {
            let waits = try await limiter.reserve(
                (0..<20).map { request(second * 20 + $0, longest: .seconds(2), ["all": 10]) })
            went += waits.filter { $0 <= .seconds(2) }.count
            time.withLock { $0 = $0 + .seconds(1) }
        }
        #expect((200...221).contains(went), "\(went) of 400")
    }

    @Test func `beyond the horizon nothing is reserved`() async throws {
        let limiter = try await limiter { Timestamp(seconds: 1_790_000_000) }
        let waits = try await limiter.reserve((0..<8).map { request($0, ["all": 0.01]) })
        #expect(Array(waits.prefix(4)) == [0, 100, 200, 300].map { .seconds($0) })
        #expect(waits.dropFirst(4).allSatisfy { $0 == .seconds(400) })
    }
}
