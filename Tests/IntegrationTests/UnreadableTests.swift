import Foundation
import Model
import Postgres
import Queue
import Redis
import Synchronization
import TestServers
import TestTarget
import Testing

/// Records that this version cannot read and who reports them, and what `/readyz` reports.
@Suite(.serialized) struct UnreadableTests {
    @Test
    func `a record that cannot be read is named in lists and forecasts, runs nothing, and is replaced or deleted`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            for name in ["a", "b", "c"] {
                #expect(try await api.call("PUT", "/v1/schedules/\(name)", APITests.schedule).status == 201)
            }
            try await it.damage(.timing, ofSchedule: "b")
            try await it.damage(.action, ofSchedule: "c")
            let list = try await api.call("GET", "/v1/schedules")
            #expect(list.status == 200)
            let items = list.body["items"]?.elements ?? []
            #expect(items.map { $0["name"]?.text } == ["a", "b", "c"])
            #expect(items.map { $0["error"] == nil } == [true, false, false])
            #expect(items.count == 3 && items[1]["error"]?.text?.contains("schedule b cannot be read") == true)
            let shown = try await api.call("GET", "/v1/schedules/b")
            #expect(shown.status == 200 && shown.body["error"] != nil && shown.body["state"]?.text == "active")
            let forecast = try await api.call("GET", "/v1/forecast?step=24h")
            #expect(
                forecast.status == 200 && forecast.body["steps"]?.elements?.first?["triggers"]?.int == 48, "\(forecast)"
            )
            #expect(forecast.body["unreadable"]?.elements?.map { $0["name"]?.text } == ["b"])
            for (method, path, body) in [
                ("GET", "upcoming", nil), ("POST", "fire", nil),
                ("POST", "backfill", #"{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T01:00:00Z"}"#),
            ] as [(String, String, String?)] {
                let answer = try await api.call(method, "/v1/schedules/b/\(path)", body)
                #expect(
                    answer.status == 409 && answer.body["detail"]?.text?.contains("cannot be read") == true, "\(answer)"
                )
            }
            #expect(try await api.call("POST", "/v1/schedules/b/pause").status == 200)
            #expect(try await api.call("POST", "/v1/schedules/b/resume").status == 200)
            #expect(try await api.call("PUT", "/v1/schedules/b", APITests.schedule).status == 200)
            #expect(try await api.call("GET", "/v1/schedules/b").body["error"] == nil)
            #expect(try await api.call("DELETE", "/v1/schedules/c").status == 204)
        }
    }

    @Test func `a loader says which schedule it cannot read, and plans the others`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document = APITests.schedule.replacing("1h", with: "1s")
            for name in ["good", "damaged"] {
                #expect(try await api.call("PUT", "/v1/schedules/\(name)", document).status == 201)
            }
            try await it.damage(.timing, ofSchedule: "damaged")
            let metrics = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString)").path()
            defer { try? FileManager.default.removeItem(atPath: metrics) }
            let errors = Pipe()
            let loader = try it.start("loader", metrics: metrics, errors: errors)
            try await eventually("the good one is planned") {
                try await it.triggers(named: "good") > 0
            }
            try await eventually("the other is counted", within: .seconds(20)) {
                let text = (try? String(contentsOfFile: metrics, encoding: .utf8)) ?? ""
                return text.contains("headgate_loader_unreadable_total 1")
            }
            kill(loader.processIdentifier, SIGKILL)
            try errors.fileHandleForWriting.close()
            let log = await errors.text()
            #expect(log.contains("dev") && log.contains("damaged"), "\(log)")
            #expect(try await it.triggers(named: "damaged") == 0)
        }
    }

    @Test func `triggers whose action cannot be read die, and their schedule is named`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document = APITests.schedule.replacing("1h", with: "1s")
            #expect(try await api.call("PUT", "/v1/schedules/damaged", document).status == 201)
            try await it.execute("update headgate.schedule set action = '\\x00'")
            #expect(try await api.call("POST", "/v1/schedules/damaged/fire").status == 409)
            let errors = Pipe()
            let worker = try it.start("trigger-worker", errors: errors)
            try it.startAll(except: ["trigger-worker"])
            try await it.settled(1)
            let trigger = try await api.call("GET", "/v1/triggers?schedule=damaged&state=dead").body["items"]?.elements?
                .first
            #expect(trigger?["state"]?.text == "dead", "\(String(describing: trigger))")
            #expect(trigger?["reason"]?.text?.contains("the action of the schedule damaged cannot be read") == true)
            kill(worker.processIdentifier, SIGKILL)
            try errors.fileHandleForWriting.close()
            let log = await errors.text()
            #expect(log.contains(#""tenant":"dev""#) && log.contains("schedule damaged"), "\(log)")
        }
    }

    @Test func `what a later version has written is left to its workers, and expires where there are none`()
        async throws
    {
        try await Cluster.with { it in
            let url = try RedisURL(it.redis.withLock { $0 }.redisURL)
            let queue = RedisQueue(
                name: .triggers, configuration: .init(shards: 2), url: url, outcomes: .outcomes)
            let outcomes = RedisQueue(name: .outcomes, configuration: .init(shards: 2), url: url, source: .triggers)
            let now = try await it.registry.now()
            let later: [UInt8] = [99, 1, 2]
            func trigger(_ number: UInt64, deadline: Duration) -> TriggerMessage {
                TriggerMessage(
                    id: TriggerID(high: 1, low: number), kind: .scheduled, redrive: 0, occurrence: now, plannedAt: now,
                    deadline: now + deadline, tenant: "acme", schedule: "later", action: later)
            }
            let (open, late) = (trigger(1, deadline: .seconds(600)), trigger(2, deadline: .seconds(-1)))
            _ = try await queue.send(
                [open, late].map { OutgoingMessage(id: MessageID($0.id), tenant: "acme", body: $0.encoded) }
                    + [OutgoingMessage(id: MessageID("message"), tenant: "acme", body: later)])
            try it.start("trigger-worker")
            try await eventually("what can wait is released") {
                let statistics = try await queue.statistics()
                return statistics.delayed == 2 && statistics.ready + statistics.inFlight + statistics.dead == 0
            }
            let received = try await outcomes.receive(upTo: 10, visibility: .seconds(30), wait: .seconds(10))
            let recorded = received.flatMap { TriggerOutcome.parse($0.body).outcomes }
            #expect(recorded.map(\.id) == [late.id] && recorded.first?.state == .expired)
            #expect(recorded.first?.reason?.contains("no worker of a later version") == true)
        }
    }

    /// A worker that starts with an empty Redis learns of all tenants from the monitor.
    @Test func `a tenant whose settings cannot be read is named and waits, and others are called`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            for tenant in ["damaged", "good"] {
                _ = try await api.call("PUT", "/v1/tenants/\(tenant)", #"{"maxRate":50}"#)
                #expect(try await api.call("PUT", "/v1/secrets/token", #"{"value":"v"}"#, tenant: tenant).status == 201)
            }
            try await it.execute("update headgate.tenant set settings = '\\x63' where tenant = 'damaged'")
            let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            _ = try await connection.call([RedisCommand("FLUSHALL")])
            let errors = Pipe()
            let monitor = try it.start("monitor", ["--every", "1s"], errors: errors)
            try it.startAll(except: ["monitor"])

            let shown = try await api.call("GET", "/v1/tenants/damaged")
            #expect(shown.status == 200 && shown.body["error"]?.text?.contains("cannot be read") == true, "\(shown)")
            #expect(shown.body["paused"] == true)
            let action =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok","headers":{"A":"${secret.token}"}}},"when":[{"every":"1s"}]}"#
            for tenant in ["damaged", "good"] {
                let answer = try await api.call("PUT", "/v1/schedules/a", action, tenant: tenant)
                #expect(answer.status == 201, "\(answer)")
            }
            func delivered(_ tenant: TenantID) async throws -> Int {
                try await it.triggers(.delivered, of: tenant)
            }
            try await eventually("the good tenant is called") { try await delivered("good") > 3 }
            #expect(try await delivered("damaged") == 0)
            let fired = try await api.call("POST", "/v1/schedules/a/fire", tenant: "damaged")
            #expect(fired.status == 409 && fired.body["detail"]?.text?.contains("cannot be read") == true, "\(fired)")
            let repaired = try await api.call("PUT", "/v1/tenants/damaged", #"{"maxRate":50}"#)
            #expect(repaired.status == 200 && repaired.body["error"] == nil, "\(repaired)")
            try await eventually("the repaired tenant is called") { try await delivered("damaged") > 0 }
            kill(monitor.processIdentifier, SIGKILL)
            try errors.fileHandleForWriting.close()
            let log = await errors.text()
            #expect(log.contains("the settings of the tenant damaged cannot be read"), "\(log)")
        }
    }

    @Test func `readyz shows hosts and users to platform admins only`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let made = try await api.call("POST", "/v1/keys", #"{"subject":"bob","tenant":"other","role":"admin"}"#)
            let tenantAdmin = api.with(key: try #require(made.body["key"]?.text))
            await it.redis.withLock { $0 }.end()
            let port = "\(it.redis.withLock { $0 }.redisURL.split(separator: ":").last ?? "?")"
            for client in [api.with(key: "hg_wrong"), api.with(key: ""), tenantAdmin] {
                let answer = try await client.call("GET", "/readyz")
                #expect(answer.status == 503)
                #expect(
                    answer.body["checks"]?["redis"]?.text == "failed"
                        && answer.body["checks"]?["postgres"]?.text == "ok")
                #expect(!answer.body.description.contains(port) && !answer.body.description.contains("127.0.0.1"))
            }
            let detailed = try await api.call("GET", "/readyz").body["checks"]?["redis"]?.text ?? ""
            #expect(detailed != "failed" && !detailed.isEmpty)
            // Without Postgres no key can be checked, so that an admin gets no detail either.
            await it.postgres.end()
            let answer = try await api.call("GET", "/readyz")
            #expect(answer.status == 503 && answer.body["checks"]?["postgres"]?.text?.contains("headgate_api") != true)
        }
    }

    @Test func `an API is ready on a schema that is newer than its own, and not on an older one`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try await it.execute("insert into headgate.migration (version, name) values (1000, 'of a later version')")
            let newer = try await api.call("GET", "/readyz")
            #expect(newer.status == 200 && newer.body["checks"]?["migrations"]?.text == "ok", "\(newer)")
            try await it.execute("delete from headgate.migration where version > 5")
            let older = try await api.call("GET", "/readyz")
            let complaint = older.body["checks"]?["migrations"]?.text ?? ""
            #expect(older.status == 503 && complaint.contains("run headgate migrate"), "\(older)")
        }
    }
}
