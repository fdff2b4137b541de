import Foundation
import Model
import Postgres
import Queue
import Redis
import Synchronization
import TestServers
import TestTarget
import Testing

/// What is set for a whole tenant: pause, rates, weight, limits, and its end.
@Suite(.serialized) struct TenantTests {
    private static func every(_ period: String, _ port: Int, _ path: String = "/ok") -> String {
        #"{"action":{"http":{"url":"http://127.0.0.1:\#(port)\#(path)"}},"when":[{"every":"\#(period)"}]}"#
    }

    @Test func `settings are shown with their defaults, are checked, and only the platform changes them`() async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let none = try await api.call("GET", "/v1/tenants/acme")
            #expect(none.status == 200 && none.body["weight"]?.double == 1 && none.body["maxRate"] == .null)
            let body = #"{"weight":2,"maxRate":50,"targetRates":{"api.example.com":5.5},"maxSchedules":10}"#
            #expect(try await api.call("PUT", "/v1/tenants/acme", body).status == 201)
            let again = try await api.call("PUT", "/v1/tenants/acme", body)
            #expect(again.status == 200 && again.body["revision"]?.int == 1)
            #expect(again.body["targetRates"]?["api.example.com"]?.double == 5.5)
            #expect(try await api.call("PUT", "/v1/tenants/acme", "{}", matching: "\"9\"").status == 412)
            let wrong = try await api.call(
                "PUT", "/v1/tenants/acme",
                #"{"weight":0,"maxRate":-1,"targetRates":{"a/b":1},"maxSchedules":1.5,"paused":1,"x":1}"#)
            let pointers = wrong.body["errors"]?.elements?.compactMap { $0["pointer"]?.text } ?? []
            #expect(wrong.status == 400)
            #expect(Set(pointers) == ["/weight", "/maxRate", "/targetRates/a~1b", "/maxSchedules", "/paused", "/x"])
            let made = try await api.call("POST", "/v1/keys", #"{"subject":"bob","tenant":"acme","role":"admin"}"#)
            let bob = api.with(key: try #require(made.body["key"]?.text))
            #expect(try await bob.call("GET", "/v1/tenants/acme").body["maxRate"]?.double == 50)
            #expect(try await bob.call("GET", "/v1/tenants/other").status == 404)
            #expect(try await bob.call("PUT", "/v1/tenants/acme", "{}").status == 403)
        }
    }

    @Test func `a tenant has no more schedules than it may, and a refusal leaves nothing behind`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            _ = try await api.call("PUT", "/v1/tenants/dev", #"{"maxSchedules":2}"#)
            for name in ["a", "b"] {
                #expect(try await api.call("PUT", "/v1/schedules/\(name)", APITests.schedule).status == 201)
            }
            let refused = try await api.call("PUT", "/v1/schedules/c", APITests.schedule)
            #expect(refused.status == 403 && refused.body["detail"]?.text?.contains("2 schedules") == true)
            #expect(try await api.call("PUT", "/v1/schedules/a", Self.every("2h", 9)).status == 200, "no new one")
            #expect(try await api.call("DELETE", "/v1/schedules/b").status == 204)
            let lines = ["c", "d", "e"].map { #"{"name":"\#($0)","# + APITests.schedule.dropFirst() }
            let imported = try await api.call("POST", "/v1/schedules/import", lines.joined(separator: "\n"))
            #expect(imported.body["created"]?.int == 1)
            #expect(imported.body["refused"]?.elements?.compactMap { $0["line"]?.int } == [2, 3])
            #expect(try await it.count(of: .names) == 2)
        }
    }

    @Test func `a paused tenant's calls stop, and go on when it is resumed`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            _ = try await api.call("PUT", "/v1/schedules/a", Self.every("1s", it.target.port))
            _ = try await api.call("PUT", "/v1/schedules/kept", Self.every("1h", it.target.port))
            _ = try await api.call("POST", "/v1/schedules/kept/pause", #"{"reason":"mine"}"#)
            try await eventually("it runs") { try await it.keysSeen() > 0 }
            let at = try await it.registry.now() + .seconds(2)
            let one = try await api.call(
                "POST", "/v1/triggers",
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}},"at":"\#(at)"}"#)
            let id = try #require(one.body["id"]?.text)
            #expect(try await api.call("PUT", "/v1/tenants/dev", #"{"paused":true}"#).status == 201)
            let paused = try await api.call("GET", "/v1/schedules/a")
            #expect(
                paused.body["state"]?.text == "paused" && paused.body["pauseReason"]?.text == "the tenant is paused")
            _ = try await api.call("PUT", "/v1/schedules/new", Self.every("1s", it.target.port))
            #expect(try await api.call("GET", "/v1/schedules/new").body["state"]?.text == "paused")
            for path in ["/v1/schedules/a/fire", "/v1/schedules/a/resume", "/v1/schedules/resume?prefix="] {
                #expect(try await api.call("POST", path).status == 409, "\(path)")
            }
            // The one-off that was on its way is held by the worker.
            try await eventually("its time has come") { try await it.registry.now() > at + .seconds(2) }
            #expect(try await api.call("GET", "/v1/triggers/\(id)").body["state"]?.text == "queued")
            _ = try await api.call("PUT", "/v1/tenants/dev", #"{"paused":false}"#)
            try await eventually("the one-off is delivered", within: .seconds(20)) {
                try await api.call("GET", "/v1/triggers/\(id)").body["state"]?.text == "delivered"
            }
            let seen = try await it.keysSeen()
            try await eventually("it runs again") { try await it.keysSeen() > seen + 2 }
            #expect(try await api.call("GET", "/v1/schedules/kept").body["pauseReason"]?.text == "mine")
            #expect(try await api.call("GET", "/v1/schedules/new").body["state"]?.text == "active")
        }
    }

    @Test func `a tenant's rate spaces out its calls, and loses none`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            _ = try await api.call("PUT", "/v1/tenants/acme", #"{"targetRates":{"127.0.0.1":10}}"#)
            try it.startAll()
            let now = try await it.registry.now()
            try await it.register((0..<30).map { ("s\($0)", it.once("/ok", after: .seconds(2), at: now)) })
            try await it.settled(30)
            let span = """
                select (extract(epoch from max(planned_at + lateness_ms * interval '1 ms')
                    - min(planned_at + lateness_ms * interval '1 ms')) * 1000)::int from headgate.trigger where state = ${state.delivered}
                """
            #expect(try await it.number(span) >= 2_700, "30 calls at 10 a second")
            #expect(try await it.triggers(.delivered, attempts: 1) == 30)
        }
    }

    @Test func `a call that its rate leaves no room for expires at once, and says so`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            _ = try await api.call("PUT", "/v1/tenants/acme", #"{"maxRate":0.01}"#)
            try it.startAll()
            let now = try await it.registry.now()
            let one = it.once("/ok", after: .seconds(2), at: now)
            let tight = JSON.object(one.members! + [.init("margin", "0s")])
            try await it.register((0..<3).map { ("s\($0)", tight) })
            try await it.settled(3)
            #expect(
                try await it.triggers(
                    where: "state = ${state.expired} and reason like '%the tenant''s rate is 0.01/s%'") == 2)
        }
    }

    @Test func `a tenant of three times the weight gets three times the share`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            _ = try await api.call("PUT", "/v1/tenants/heavy", #"{"weight":3}"#)
            let now = try await it.registry.now()
            for tenant: TenantID in ["heavy", "light"] {
                try await it.register(
                    (0..<80).map { ("s\($0)", it.once("/ok", after: .seconds(1), at: now)) }, tenant: tenant)
            }
            try it.start("loader")
            let queue = RedisQueue(
                name: .triggers, configuration: .init(shards: 2, visibility: .seconds(30), maximumReceives: 10),
                url: try RedisURL(it.redis.withLock { $0 }.redisURL), outcomes: .outcomes)
            try await eventually("all are queued and due") {
                _ = try await queue.maintain()
                return try await queue.statistics().ready == 160
            }
            let received = try await queue.receive(upTo: 60, visibility: .seconds(30), wait: .zero)
            let heavy = try received.filter { try TriggerMessage(decoding: $0.body).tenant == "heavy" }.count
            #expect((42...48).contains(heavy), "\(heavy) of 60")
        }
    }

    @Test func `an erased tenant leaves nothing, and others lose nothing`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let now = try await it.registry.now()
            for tenant in ["gone", "stays"] {
                try await it.register(
                    [
                        ("now", it.once("/ok", after: .seconds(1), at: now)),
                        ("later", it.once("/ok", after: .seconds(3_600), at: now)),
                    ], tenant: TenantID(checked: tenant))
                _ = try await api.call("PUT", "/v1/secrets/s", #"{"value":"long enough"}"#, tenant: tenant)
            }
            _ = try await api.call("POST", "/v1/keys", #"{"subject":"bob","tenant":"gone","role":"admin"}"#)
            try await it.register(
                [("dead", it.once("/close", after: .seconds(1), at: now, retry: ["maxAttempts": 1]))], tenant: "gone")
            try await it.settled(3)
            #expect(try await api.call("GET", "/v1/queues/triggers/dead").body["items"]?.elements?.count == 1)
            let erased = try await api.call("DELETE", "/v1/tenants/gone")
            #expect(erased.status == 200 && erased.body["schedules"]?.int == 3 && erased.body["triggers"]?.int == 2)
            #expect(try await api.call("GET", "/v1/queues/triggers/dead").body["items"]?.elements?.isEmpty == true)
            for table in ["schedule", "schedule_name", "trigger", "secret"] {
                #expect(
                    try await it.number("select count(*) from headgate.\(table) where tenant = 'gone'") == 0, "\(table)"
                )
                #expect(
                    try await it.number("select count(*) from headgate.\(table) where tenant = 'stays'") > 0, "\(table)"
                )
            }
            #expect(
                try await it.number(
                    "select count(*) from headgate.api_key where tenant = 'gone' and revoked_at is null") == 0)
            #expect(try await it.number("select count(*) from headgate.audit where action = 'tenant.delete'") == 1)
            #expect(try await api.call("DELETE", "/v1/tenants/gone").status == 200, "again")
        }
    }
}
