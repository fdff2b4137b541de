import Foundation
import Model
import Store
import TestServers
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

    @Test func `calls that take long get all places, a burst of them too`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register(
                (0..<900).map { ("s\($0)", it.once("/slow/120s/\($0)", after: .seconds(1), at: now)) })
            try it.startAll()
            try await eventually("all calls are under way") { try await it.keysSeen() == 900 }
            #expect(try await it.number("select count(*) from headgate.trigger where state >= 2") == 0)
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
            #expect(try await it.number("select count(*) from headgate.trigger") == 400)
            #expect(
                try await it.number("select count(*) from headgate.trigger where state = 2 and attempts = 1") == 400)
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
