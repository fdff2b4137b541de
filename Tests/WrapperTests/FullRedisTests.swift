import Model
import Queue
import Redis
import TestServers
import Testing

/// A server that has used its memory still hears of rates and pauses, and dead letters do not fill it (protocols.md, 12 and 12a).
@Suite(.serialized) struct FullRedisTests {
    private func fill(_ connection: RedisConnection) async throws {
        _ = try await connection.call([RedisCommand("CONFIG", "SET", "maxmemory", "4mb")])
        let block = String(repeating: "x", count: 100_000)
        for number in 0..<100 {
            let reply = try await connection.call([RedisCommand("SET", "fill\(number)", block)])[0]
            if case .error(let text) = reply {
                #expect(text.hasPrefix("OOM"))
                return
            }
        }
        Issue.record("the server is not full")
    }

    @Test func `rate limits and tenant pauses work while Redis is full`() async throws {
        let server = try await TestServer.redis()
        defer { server.stop() }
        let url = try RedisURL(server.redisURL)
        try await fill(RedisConnection(url: url))
        let limiter = RedisRateLimiter(url: url)
        let request = RateRequest(
            id: MessageID("m"), tenant: "a", longest: .seconds(60), buckets: [.init(name: "all", rate: 10)])
        #expect(try await limiter.reserve([request]) == [.zero])
        let directory = RedisTenantDirectory(url: url)
        let record = TenantRecord(isPaused: true)
        try await directory.publish([DirectoryEntry(tenant: "a", version: 3, record: record)], completeTo: 3)
        #expect(try await directory.records(of: ["a"]) == [record.encoded])
    }

    @Test func `what is ready can be received and settled while Redis is full, so that it empties`() async throws {
        let server = try await TestServer.redis()
        defer { server.stop() }
        let url = try RedisURL(server.redisURL)
        let queue = RedisQueue(name: .triggers, configuration: .init(shards: 1), url: url, outcomes: .outcomes)
        let outcomes = RedisQueue(name: .outcomes, configuration: .init(shards: 1), url: url, source: .triggers)
        for name in ["a", "b"] {
            _ = try await queue.send([OutgoingMessage(id: MessageID(name), tenant: "t", body: [1])])
        }
        try await fill(RedisConnection(url: url))
        for _ in 0..<2 {
            let received = try await queue.receive(upTo: 1, visibility: .seconds(30), wait: .zero)
            #expect(received.count == 1)
            let settlements = received.map { Settlement($0.receipt, .acknowledge, outcome: Array("line\n".utf8)) }
            #expect(try await queue.settle(settlements) == [.settled])
        }
        let lines = try await outcomes.receive(upTo: 9, visibility: .seconds(30), wait: .zero)
        #expect(lines.count == 2)
        #expect(
            try await outcomes.confirm(lines.map(\.receipt), recorded: [MessageID("a"), MessageID("b")]) == [
                true, true,
            ])
    }

    @Test func `a dead letter with a body of 60,000 bytes takes less than 500 bytes of Redis`() async throws {
        let server = try await TestServer.redis()
        defer { server.stop() }
        let url = try RedisURL(server.redisURL)
        let connection = RedisConnection(url: url)
        let queue = RedisQueue(name: .triggers, configuration: .init(shards: 1), url: url, outcomes: .outcomes)
        func memory() async throws -> Int {
            let keys = try await connection.call([RedisCommand("KEYS", "*")])[0].array?.compactMap(\.text) ?? []
            return try await connection.call(keys.map { RedisCommand("MEMORY", "USAGE", $0, "SAMPLES", "0") })
                .reduce(0) { $0 + ($1.int ?? 0) }
        }
        var random = SystemRandomNumberGenerator()
        let before = try await memory()
        for _ in 0..<10 {
            let messages = (0..<100).map { _ in
                OutgoingMessage(
                    id: MessageID(TriggerID.v7(at: .epoch, using: &random)), tenant: "acme-diagnostics",
                    body: Array(repeating: 7, count: 60_000))
            }
            _ = try await queue.send(messages)
            let received = try await queue.receive(upTo: 100, visibility: .seconds(30), wait: .zero)
            #expect(received.count == 100)
            _ = try await queue.settle(
                received.map { Settlement($0.receipt, .bury(reason: "status 500, after 20 attempts")) })
        }
        #expect(try await queue.statistics().dead == 1_000)
        let each = (try await memory() - before) / 1_000
        #expect(each < 500, "\(each) bytes")
    }
}
