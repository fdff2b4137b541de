import Foundation
import Model
import Postgres
import Redis
import Store
import Synchronization
import TestServers
import TestTarget
import Testing

@Suite(.serialized) struct DeliveryTests {
    @Test func `answers decide what becomes of a trigger, and each is recorded once`() async throws {
        try await Cluster.with { it in
            try it.startAll()
            let now = try await it.registry.now()
            var dead = it.once("/x", after: .seconds(1), at: now, retry: ["initial": "10ms", "maxAttempts": 3])
            var late = it.once(
                "/x", after: .seconds(1), at: now, retry: ["initial": "23h", "cap": "1d", "maxAttempts": 60])
            let closed = "http://127.0.0.1:\(freePort())/x"
            dead = .object(
                dead.members!.map { $0.name == "action" ? .init("action", ["http": ["url": .string(closed)]]) : $0 })
            late = .object(
                late.members!.map { $0.name == "action" ? .init("action", ["http": ["url": .string(closed)]]) : $0 }
                    + [.init("margin", "0s")])
            try await it.register([
                ("ok", it.once("/ok", after: .seconds(1), at: now)),
                ("eaten", it.once("/status/404/x", after: .seconds(1), at: now)),
                ("again", it.once("/once/503/x", after: .seconds(1), at: now)), ("dead", dead), ("late", late),
            ])
            try await it.settled(5)
            let ok = try await it.trigger("ok")
            #expect(
                ok.state == .delivered && ok.attempts == 1 && ok.reason == nil && (ok.latenessMilliseconds ?? -1) >= 0)
            #expect(TriggerOutcome.parse(ok.log).outcomes.map(\.status) == [200])
            let eaten = try await it.trigger("eaten")
            #expect(eaten.state == .rejected && eaten.attempts == 1 && eaten.reason == "status 404")
            let again = try await it.trigger("again")
            #expect(again.state == .delivered && again.attempts == 2)
            #expect(TriggerOutcome.parse(again.log).outcomes.map(\.status) == [503, 200])
            let gone = try await it.trigger("dead")
            #expect(gone.state == .dead && gone.attempts == 3)
            let expired = try await it.trigger("late")
            #expect(expired.state == .expired && expired.attempts >= 1)
        }
    }

    @Test func `a call says which trigger, which occurrence and which attempt it is, and 4 KiB of its answer are kept`()
        async throws
    {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            let large: JSON = [
                "action": [
                    "http": [
                        "url": .string("http://127.0.0.1:\(it.target.port)/echo"),
                        "body": .string(String(repeating: "x", count: 6_000)),
                    ]
                ], "when": [["at": .time(now + .seconds(1))]],
            ]
            try await it.register([
                ("large", large), ("small", it.once("/echo", after: .seconds(1), at: now)),
                ("again", it.once("/retry-after/2/x", after: .seconds(1), at: now)),
            ])
            try it.startAll()
            try await it.settled(3)
            let cut = try await it.trigger("large")
            #expect(TriggerOutcome.parse(cut.log).outcomes.map(\.body.count) == [4_096])
            let trigger = try await it.trigger("small")
            let answer = try #require(TriggerOutcome.parse(trigger.log).outcomes.first)
            let headers = try #require(try JSON(parsing: answer.body)["headers"])
            let key = TriggerKey(
                schedule: trigger.schedule, kind: .scheduled, revision: 1, occurrence: trigger.occurrence)
            #expect(headers["idempotency-key"]?.text == "\(key.idempotencyKey)")
            #expect(headers["headgate-schedule"]?.text == "small" && headers["headgate-attempt"]?.text == "1")
            #expect(headers["headgate-fire-time"]?.text == "\(trigger.occurrence)")
            let trace = headers["traceparent"]?.text?.split(separator: "-").map(String.init) ?? []
            #expect(trace.map(\.utf8.count) == [2, 32, 16, 2] && trace.first == "00" && trace.last == "01")
            // The target asks for 2 s; by itself the worker would try again after 50 ms.
            let attempts = TriggerOutcome.parse(try await it.trigger("again").log).outcomes
            #expect(attempts.map(\.status) == [503, 200])
            let starts = attempts.compactMap(\.startedAt)
            #expect(starts.count == 2 && starts[1] - starts[0] >= .milliseconds(1_900))
        }
    }

    @Test func `a call whose lease is lost is aborted, and does not take its worker's place for its time`() async throws
    {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register([("slow", it.once("/slow/100s/x", after: .seconds(1), at: now))])
            let metrics = "/tmp/headgate-metrics-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: metrics) }
            try it.startAll(except: ["trigger-worker", "monitor"])
            try it.start("trigger-worker", metrics: metrics)
            try await eventually("the call is under way") { try await it.keysSeen() == 1 }
            let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            _ = try await connection.call([RedisCommand("FLUSHALL")])
            // Aborted, it lets its lease go, which does not exist any more. Otherwise that would come after 30 s, the call's timeout.
            try await eventually("the lease is given back", within: .seconds(20)) {
                let text = (try? String(contentsOfFile: metrics, encoding: .utf8)) ?? ""
                return text.contains("headgate_stale_settlements_total 1")
            }
        }
    }

    @Test func `calls that take long get all places, a burst of them too`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register(
                (0..<900).map { ("s\($0)", it.once("/slow/120s/\($0)", after: .seconds(1), at: now)) })
            try it.startAll()
            // Before the first ones time out and make room.
            try await eventually("all calls are under way", within: .seconds(25)) { try await it.keysSeen() == 900 }
            #expect(try await it.settledTriggers() == 0)
        }
    }

    @Test func `what becomes due later is placed where the load of what is stored leaves room`() async throws {
        try await Cluster.with { it in
            try it.start("loader")
            let due = try await it.registry.now() + .seconds(5)
            let document: JSON = [
                "action": ["http": ["url": "http://127.0.0.1:9/x"]], "when": [["at": .time(due)]], "margin": "1m",
            ]
            // One after the other, so that the second wave is planned by another pass.
            for wave in 1...2 {
                try await it.register((0..<80).map { ("w\(wave)-\($0)", document) })
                try await eventually("the wave is planned") {
                    try await it.triggers() == 80 * wave
                }
            }
            // In each shard there are fewer than seconds.
            let fullest = """
                select max(n) from (select count(*) as n from headgate.trigger
                    group by shard, date_trunc('second', planned_at)) t
                """
            let inShard = "select max(n) from (select count(*) as n from headgate.trigger group by shard) t"
            #expect(try await it.number(inShard) < 60)
            #expect(try await it.number(fullest) == 1)
        }
    }

    @Test func `two loaders on the same shards plan and send each occurrence once`() async throws {
        try await Cluster.with { it in
            try it.startAll()
            try it.start("loader")
            let now = try await it.registry.now()
            try await it.register(
                (0..<400).map { ("s\($0)", it.once("/ok", after: .milliseconds(1_000 + Int64($0) * 5), at: now)) })
            try await it.settled(400)
            #expect(try await it.triggers() == 400)
            #expect(
                try await it.triggers(.delivered, attempts: 1) == 400)
            #expect(try await it.keysSeen() == 400)
        }
    }

    @Test func `the API's role sees no row without a tenant, and only its tenant's with one`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register([("mine", it.once("/ok", after: .seconds(600), at: now))])
            #expect(try await it.registry.schedule("mine", tenant: "acme") != nil)
            #expect(try await it.registry.schedule("mine", tenant: "other") == nil)
            let api = PostgresConnectionProbe(it)
            #expect(try await api.visibleSchedules() == 0)
        }
    }
}
