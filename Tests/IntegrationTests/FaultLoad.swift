import Foundation
import Model
import Postgres
import Queue
import Redis
import Store
import Synchronization
import TestServers
import TestTarget
import Testing

/// A light load that makes every function send every statement that it has, one of them through a proxy that makes statements fail.
final class FaultLoad: Sendable {
    let it: Cluster
    let function: String
    let proxy: PostgresProxy
    private let api: APIClient
    private let queue: RedisQueue
    private let outcomes: RedisQueue
    private let processes: [Process]
    private let number = Counter()

    init(_ it: Cluster, faulty function: String) async throws {
        self.it = it
        self.function = function
        let proxy = try PostgresProxy(to: it.postgres.port)
        self.proxy = proxy
        let port: (String) -> Int? = { $0 == function ? proxy.port : nil }
        let url = try RedisURL(it.redis.withLock { $0 }.redisURL)
        queue = RedisQueue(name: .triggers, configuration: .init(shards: 2), url: url, outcomes: .outcomes)
        outcomes = RedisQueue(name: .outcomes, configuration: .init(shards: 2), url: url, source: .triggers)
        api = try await APIClient.start(it, postgresPort: port("api"))
        processes =
            try [
                ("loader", ["--queue-limit", "2000"]), ("historian", []),
                ("monitor", ["--every", "300ms", "--retention", "2"]),
            ].map { name, arguments in try it.start(name, arguments, postgresPort: port(name)) } + [
                try it.start("trigger-worker")
            ]
        // Always something due, and something that fails.
        try await put("tick", #""when":[{"every":"1s"}]"#)
        try await put("placed", #""when":[{"every":"2s"}],"margin":"1s""#)
        try await put("nightly", #""when":[\#(Cluster.hourly)]"#)
    }

    // MARK: Calls

    private func document(_ path: String, _ rest: String) -> String {
        #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)\#(path)"}},\#(rest)}"#
    }

    @discardableResult
    private func put(_ name: String, _ rest: String, path: String = "/ok") async throws -> JSON {
        try await call("PUT", "/v1/schedules/\(name)", document(path, rest))
    }

    /// Repeats a call as a client does, until it is not the server's fault any more; a POST with a key of its own.
    @discardableResult
    private func call(_ method: String, _ path: String, _ body: String? = nil, tenant: String? = nil) async throws
        -> JSON
    {
        var key = method == "POST" ? "key\(number.next())" : nil
        var answer: (status: Int, body: JSON) = (0, .null)
        try await eventually("\(method) \(path) is answered", within: .seconds(20)) {
            answer = try await api.call(method, path, body, tenant: tenant, repeating: key)
            // An earlier try of it may be under way for a minute: this client asks again in other words.
            if answer.status == 409, answer.body["detail"]?.text?.contains("under way") == true {
                key = "key\(number.next())"
                return false
            }
            return answer.status < 500
        }
        return answer.body
    }

    /// Every kind of call once.
    func callEverything() async throws {
        let n = number.next()
        try await put("a\(n)", #""when":[\#(Cluster.hourly)],"pauseAfter":3"#)
        try await put("a\(n)", #""when":[{"every":"2h"}]"#)
        try await put("a\(n)", #""when":[{"every":"2h"}],"paused":true"#)
        try await call("POST", "/v1/schedules/a\(n)/resume")
        let now = try await it.registry.now()
        let fired = try await call("POST", "/v1/schedules/a\(n)/fire")
        try await call("POST", "/v1/schedules/a\(n)/backfill", #"{"from":"\#(now - .seconds(9_000))","to":"\#(now)"}"#)
        try await call("POST", "/v1/schedules/a\(n)/pause")
        try await call("POST", "/v1/schedules/resume?prefix=a\(n)")
        try await call("POST", "/v1/schedules/pause?prefix=a\(n)")
        let lines = ["i\(n)", "j\(n)"].map { name in
            #"{"name":"\#(name)","tenant":"\#(name)","action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}},"when":[\#(Cluster.hourly)]}"#
        }
        try await call("POST", "/v1/schedules/import", lines.joined(separator: "\n"))
        for path in [
            "/v1/schedules", "/v1/schedules/a\(n)", "/v1/schedules/a\(n)/upcoming", "/v1/forecast", "/v1/triggers",
            "/v1/triggers?schedule=a\(n)", "/v1/triggers/\(fired["id"]?.text ?? "")", "/v1/queues",
            "/v1/queues/triggers/dead",
            "/v1/keys", "/v1/audit", "/v1/tenants/dev", "/v1/secrets", "/readyz",
        ] { try await call("GET", path) }
        let single =
            #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/status/500"}},"retry":{"maxAttempts":1}"#
        let dying = try await call("POST", "/v1/triggers", single + "}")
        let far = try await call("POST", "/v1/triggers", single + #","at":"\#(now + .seconds(4 * 86_400))"}"#)
        let later = try await call("POST", "/v1/triggers", single + #","at":"\#(now + .seconds(40))"}"#)
        let held = JSON.array([["id": later["id"] ?? .null, "redrive": 0, "mayBeCalled": false]])
        try await eventually("what a worker holds is judged") {
            try await api.with(key: "between functions").call(
                "POST", "/engine/held", JSON.object([.init("triggers", held)]).description
            ).status == 200
        }
        for trigger in [far, later] { try await call("POST", "/v1/triggers/\(trigger["id"]?.text ?? "")/cancel") }
        try await call(
            "PUT", "/v1/tenants/i\(n)", #"{"maxSchedules":3,"onFailure":{"http":{"url":"http://127.0.0.1:9/x"}}}"#)
        try await call("PUT", "/v1/tenants/i\(n)", #"{"paused":true,"maxSchedules":3}"#)
        try await call("PUT", "/v1/tenants/i\(n)", #"{"maxSchedules":4}"#)
        try await call("PUT", "/v1/schedules/k\(n)", document("/ok", #""when":[\#(Cluster.hourly)]"#), tenant: "i\(n)")
        try await call("PUT", "/v1/secrets/s\(n)", #"{"value":"secret"}"#)
        let secret =
            #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok","headers":{"X":"${secret.s\#(n)}"}}},"when":[\#(Cluster.hourly)]}"#
        try await call("PUT", "/v1/schedules/s\(n)", secret)
        try await call("DELETE", "/v1/secrets/s\(n)")
        let key = try await call("POST", "/v1/keys", #"{"subject":"someone"}"#)
        if let id = key["id"]?.text { try await call("DELETE", "/v1/keys/\(id)") }
        if let id = dying["id"]?.text {
            try await eventually("the single one is dead") {
                try await it.triggers(where: "id = '\(id)' and state = ${state.dead}") == 1
            }
            try await call("POST", "/v1/triggers/\(id)/redrive")
            try await eventually("it is dead again") {
                try await it.triggers(where: "id = '\(id)' and state = ${state.dead}") == 1
            }
            try await call("POST", "/v1/queues/triggers/redrive", #"{"limit":5}"#)
        }
        // A line that shows what it was read from.
        let shown = try await call("GET", "/v1/schedules/a\(n)")
        try await call("POST", "/v1/schedules/import", shown.description)
        // What the queue holds of a changed schedule is given back, and planned again.
        try await put("r\(n)", #""when":[{"every":"1s"}]"#)
        try await eventually("it has triggers in the queue") {
            try await it.triggers(.queued, named: "r\(n)") > 1
        }
        try await put("r\(n)", #""when":[{"every":"1s"}],"retry":{"maxAttempts":7}"#)
        // A request that is refused is forgotten, one that is repeated is answered again, and a limit gives its names back.
        for _ in 0..<2 {
            for path in ["/v1/schedules/nowhere/fire", "/v1/schedules/a\(n)/fire"] {
                _ = try await api.call("POST", path, repeating: "again\(n)\(path.utf8.count)")
            }
        }
        for other in 0..<5 {
            _ = try await call(
                "PUT", "/v1/schedules/o\(other)", document("/ok", #""when":[\#(Cluster.hourly)]"#), tenant: "i\(n)")
        }
        for name in ["a\(n)", "s\(n)", "r\(n)"] { try await call("DELETE", "/v1/schedules/\(name)") }
        for tenant in ["i\(n)", "j\(n)"] { try await call("DELETE", "/v1/tenants/\(tenant)") }
    }

    // MARK: What makes each function send what it seldom sends

    /// - Parameter statement: the one that is to be run; nil: all.
    private func stir(for statement: String? = nil) async throws {
        switch function {
        case "api": try await callEverything()
        case "historian":
            let n = number.next()
            // Its own failure call and its tenant's; a schedule that pauses itself; an outcome of nobody.
            try await put(
                "f\(n)",
                #""when":[\#(Cluster.hourly)],"pauseAfter":1,"retry":{"maxAttempts":1},"onFailure":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}}"#,
                path: "/status/400")
            try await put(
                "g\(n)", #""when":[{"every":"1s"}],"pauseAfter":1,"retry":{"maxAttempts":1}"#, path: "/status/500")
            let tenant = #"{"onFailure":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}}}"#
            try await call("PUT", "/v1/tenants/t\(n)", tenant)
            try await call(
                "PUT", "/v1/schedules/h\(n)", document("/status/400", #""when":[\#(Cluster.hourly)]"#), tenant: "t\(n)")
            try await call("POST", "/v1/schedules/f\(n)/fire")
            try await call("POST", "/v1/schedules/h\(n)/fire", tenant: "t\(n)")
            var random = SystemRandomNumberGenerator()
            let nobody = TriggerID.v7(at: try await it.registry.now(), using: &random)
            let orphan = TriggerOutcome(id: nobody, redrive: 0, attempt: 1, state: .delivered)
            _ = try await outcomes.send([OutgoingMessage(id: MessageID("x\(n)"), tenant: "", body: orphan.line)])
            // Without anybody who watches, it records by another statement.
            if n % 2 == 0, statement.map({ $0.hasPrefix("record-outcomes") }) ?? true {
                try await change(
                    "delete from headgate.failure_watch; update headgate.tenant set has_failure_call = false")
                try await Task.sleep(for: .milliseconds(1_100))
            }
        case "loader":
            // A session that ends: it takes its shards, and reads what it needs to begin.
            if statement == nil || number.next() % 2 == 0 { proxy.closeAll() }
            let n = number.next()
            let now = try await it.registry.now()
            try await change(
                """
                update headgate.shard set zones = 'other', confirmed_pass = greatest(0, pass - 1), open_low = now() - interval '1 minute';
                update headgate.schedule set next_at = next_at - interval '2 seconds' where name = 'tick' and next_at is not null;
                update headgate.shard set low = '-infinity'
                """)
            let single =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}},"at":"\#(now + .seconds(3))"}"#
            try await call("POST", "/v1/triggers", single)
            try await put("zone\(n)", #""when":[{"cron":"0 3 * * *","timeZone":"Europe/Berlin"}]"#)
            try await put(
                "lapsed\(n)",
                #""when":[{"every":"1s"}],"margin":"1s","onFailure":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}}"#
            )
            try await change(
                """
                update headgate.schedule set next_at = next_at - interval '10 minutes', updated_at = now() - interval '1 hour'
                where name = 'lapsed\(n)';
                update headgate.shard set low = '-infinity'
                """)
            try await eventually("it has expired") {
                try await it.triggers(.expired, named: "lapsed\(n)") > 0
            }
            try await eventually("it is reported") {
                try await it.triggers(kind: .onFailure, named: "lapsed\(n)") > 0
            }
            if statement == nil || statement == "expire-planned" { try await fillQueue() }
            try await change(
                "update headgate.schedule set next_at = next_at + interval '1 hour' where name = 'zone\(n)'")
            try await dropDay(ahead: 1)
            try await call("DELETE", "/v1/schedules/lapsed\(n)")
        case "monitor":
            let n = number.next()
            try await call("PUT", "/v1/tenants/m\(n)", #"{"maxRate":5}"#)
            try await dropDay(ahead: 3)
            // The monitor drops it, perhaps while it is made.
            _ = try? await it.execute("select headgate.add_day((now() at time zone 'UTC')::date - 40)")
            try await change(
                """
                insert into headgate.overdue select day, id, now() from headgate.trigger where state < ${state.final} on conflict do nothing;
                update headgate.trigger set cancel_requested = true, reason = 'cancelled' where id in (
                    select id from headgate.trigger where state = ${state.queued} and name = 'placed' limit 1)
                """)
            // Redis loses everything, now and then.
            if n % 4 == 0 {
                let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
                _ = try await connection.call([RedisCommand("FLUSHALL")])
            }
        default: break
        }
        try await Task.sleep(for: .milliseconds(50))
    }

    /// Changes rows that functions change, too: one of two that wait for each other gives way, and that may be this one.
    private func change(_ script: String) async throws {
        for _ in 0..<50 {
            do {
                return try await it.execute(script)
            } catch let error as PostgresError where error.isRetryable {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        try await it.execute(script)
    }

    /// Takes away a partition that should be there; somebody may be in the way for a moment.
    private func dropDay(ahead days: Int) async throws {
        _ = try? await it.execute(
            """
            do $$ begin
                execute format('drop table if exists headgate.trigger_%s', to_char((now() at time zone 'UTC')::date + \(days), 'YYYYMMDD'));
            end $$
            """)
    }

    /// For a moment the queue is full, and a planned trigger's deadline has passed.
    private func fillQueue() async throws {
        let n = number.next()
        let ids = (0..<4_200).map { MessageID("fill\(n)-\($0)") }
        for start in stride(from: 0, to: ids.count, by: 700) {
            _ = try await queue.send(
                ids[start..<start + 700].map {
                    OutgoingMessage(id: $0, tenant: "f\($0)", delay: .seconds(3_600), body: [1])
                })
        }
        try await Task.sleep(for: .milliseconds(1_500))
        try await change(
            "update headgate.trigger set deadline = now() - interval '1 second' where state = ${state.planned}")
        try await Task.sleep(for: .milliseconds(1_500))
        for start in stride(from: 0, to: ids.count, by: 700) {
            _ = try await queue.cancel(Array(ids[start..<start + 700]))
        }
    }

    // MARK: The matrix

    /// Lets the function send all it has.
    func warmUp() async throws {
        try await callEverything()
        for _ in 0..<(function == "api" ? 1 : 4) { try await stir() }
    }

    /// What `check` says of a statement that was sent once and then no more.
    static let notRunAgain = "it was not run again"

    /// Makes a statement fail once. What is wrong afterwards; nil: nothing.
    func check(_ statement: String, _ fault: PostgresProxy.Fault) async throws -> String? {
        proxy.arm(statement, fault)
        let deadline = ContinuousClock.now + .seconds(30)
        while proxy.isArmed, ContinuousClock.now < deadline { try await stir(for: statement) }
        if proxy.isArmed {
            proxy.disarm()
            return Self.notRunAgain
        }
        return try await isSound(within: .seconds(15))
    }

    /// A trigger made now is delivered and recorded, and every duty of the monitor is done anew.
    private func isSound(within timeout: Duration) async throws -> String? {
        let name = "v\(number.next())"
        let now = try await it.registry.now()
        try await it.register([(name, it.once("/ok", after: .milliseconds(100), at: now))], tenant: "dev")
        do {
            try await eventually("\(name) is delivered", within: timeout) {
                try await it.triggers(.delivered, named: name) == 1
            }
            if function == "monitor" {
                try await eventually("the monitor does its duties", within: timeout) {
                    try await it.number("select count(*) from headgate.duty where done_at > '\(now)'")
                        == MonitorDuty.allCases.count
                }
            }
        } catch let error as TestServerError {
            return error.description
        }
        let dead = processes.filter { !$0.isRunning }
        return dead.isEmpty ? nil : "\(dead.map { $0.executableURL?.lastPathComponent ?? "" }) ended"
    }

    /// Everything ends, nothing is recorded twice, no transaction is left open.
    func finish() async throws {
        for name in ["tick", "placed", "nightly"] { try await call("DELETE", "/v1/schedules/\(name)") }
        for path in ["f", "g", "h", "lapsed", "zone"] { try await call("POST", "/v1/schedules/pause?prefix=\(path)") }
        try await eventually("nothing is open", within: .seconds(150)) { try await it.triggers(.planned, .queued) == 0 }
        // Each second of "tick" is on record once, delivered or with the reason why it was not.
        let gaps = """
            select (extract(epoch from max(coalesce(last_occurrence, occurrence)) - min(occurrence)))::int8 + 1 - sum(count)::int8
            from headgate.trigger where name = 'tick' and kind = ${kind.scheduled}
            """
        #expect(try await it.number(gaps) == 0)
        // Each has a key of its own: what is called delivered has reached the target.
        #expect(try await it.triggers(.delivered) <= it.keysSeen())
        #expect(try await it.triggers(where: "state = ${state.delivered} and attempts = 0") == 0)
        #expect(try await it.triggers(where: "name like 'v%' and state <> ${state.delivered}") == 0)
        #expect(
            try await it.number(
                "select count(*) from pg_stat_activity where state like 'idle in transaction%' and state_change < now() - interval '5 seconds'"
            )
                == 0)
        for process in processes { #expect(process.isRunning) }
    }
}

/// Numbers and random bits of one load.
private final class Counter: Sendable {
    private let value = Mutex(0)
    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
