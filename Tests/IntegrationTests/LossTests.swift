import Curl
import Foundation
import HTTP
import Model
import Postgres
import Queue
import Redis
import Store
import Synchronization
import TestServers
import TestTarget
import Testing

/// Servers that die, fill up or stand in the way.
@Suite(.serialized) struct LossTests {
    @Test func `killing Redis again and again under 5,000 triggers loses none and records none twice`() async throws {
        try await Cluster.with(redis: ["--restart"]) { it in
            let now = try await it.registry.now()
            try await it.register(
                (0..<5_000).map { ("s\($0)", it.once("/ok", after: .milliseconds(3_000 + Int64($0)), at: now)) })
            try it.startAll()
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(1_300))
                try await it.killRedis()
            }
            try await it.settled(5_000, within: .seconds(120))
            try await it.checkRecorded(5_000)
            #expect(try await it.keysSeen() == 5_000)
        }
    }

    @Test func `a full queue keeps triggers planned, and those past their deadline expire`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register((0..<400).map { ("s\($0)", it.once("/ok", after: .seconds(1), at: now)) })
            try it.startAll(except: ["loader", "trigger-worker"])
            try it.start("loader", ["--queue-limit", "20"])
            try await eventually("all are triggers") { try await it.triggers(.planned, .queued) == 400 }
            let held = try await it.triggers(.planned)
            #expect(held > 0, "the queue takes a batch of each shard at most")
            try await it.passDeadlines(ofPlanned: 10)
            try await eventually("the late ones expire") { try await it.triggers(.expired) == 10 }
            #expect(
                try await it.triggers(where: "state = ${state.expired} and reason like 'the queue was full%'") == 10)
            try it.start("trigger-worker")
            try await it.settled(400)
            #expect(try await it.triggers(.delivered) == 390)
        }
    }

    @Test func `one tenant's backlog keeps no other tenant's triggers out of the queue`() async throws {
        try await Cluster.with { it in
            try it.startAll(except: ["loader"])
            try it.start("loader", ["--queue-limit", "2000"])
            let now = try await it.registry.now()
            let noisy = it.once("/status/503", after: .seconds(1), at: now, retry: ["initial": "60s"])
            try await it.register((0..<6_000).map { ("n\($0)", noisy) }, tenant: "noisy")
            try await eventually("what is beyond the noisy one's share stays planned") {
                try await it.triggers(.planned, of: "noisy") > 1_000
            }
            let later = try await it.registry.now()
            try await it.register(
                (0..<20).map { ("q\($0)", it.once("/ok", after: .seconds(1), at: later)) }, tenant: "quiet")
            try await eventually("the quiet one's are delivered", within: .seconds(20)) {
                try await it.triggers(.delivered, of: "quiet") == 20
            }
            #expect(try await it.triggers(.planned, of: "noisy") > 0)
        }
    }

    @Test func `single triggers of one tenant fill no more of the queue than its share, and go out when there is room`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it, ["--queue-limit", "100"])
            try it.startAll(except: ["loader", "trigger-worker"])
            try it.start("loader", ["--queue-limit", "100"])
            let url = "http://127.0.0.1:\(it.target.port)/ok"
            let schedule = #"{"action":{"http":{"url":"\#(url)"}},"when":[{"every":"30d"}]}"#
            #expect(try await api.call("PUT", "/v1/schedules/a", schedule, tenant: "hog").status == 201)
            func make(_ path: String, _ body: String?, tenant: String) async throws -> String? {
                let answer = try await api.call("POST", path, body, tenant: tenant)
                #expect(answer.status == 202)
                return answer.body["state"]?.text
            }
            let single = #"{"action":{"http":{"url":"\#(url)"}}}"#
            for _ in 0..<150 { _ = try await make("/v1/triggers", single, tenant: "hog") }
            // The queue is asked once a second.
            try await Task.sleep(for: .milliseconds(1_100))
            for _ in 0..<20 { #expect(try await make("/v1/triggers", single, tenant: "hog") == "planned") }
            #expect(try await make("/v1/schedules/a/fire", nil, tenant: "hog") == "planned")
            #expect(try await make("/v1/triggers", single, tenant: "quiet") == "queued")
            try it.start("trigger-worker")
            try await it.settled(172)
            try await it.checkRecorded(172)
        }
    }

    @Test func `when Redis has used its memory settling goes on and nothing more is sent`() async throws {
        try await Cluster.with { it in
            let url = try RedisURL(it.redis.withLock { $0 }.redisURL)
            let connection = RedisConnection(url: url)
            let queue = RedisQueue(name: .triggers, configuration: .init(shards: 2), url: url, outcomes: .outcomes)
            let now = try await it.registry.now()
            try await it.register((0..<50).map { ("s\($0)", it.once("/ok", after: .seconds(1), at: now)) })
            let loader = try it.start("loader")
            try await eventually("all are queued") {
                let statistics = try await queue.statistics()
                return statistics.ready + statistics.delayed == 50
            }
            loader.terminate()
            try await eventually("the loader ends") { !loader.isRunning }
            let received = try await queue.receive(upTo: 50, visibility: .seconds(30), wait: .seconds(1))
            _ = try await connection.call([RedisCommand("CONFIG", "SET", "maxmemory", "500000")])
            let pressure = try await queue.pressure()
            #expect(pressure.memoryUse ?? 0 > 1)
            await #expect(throws: QueueError.self) {
                _ = try await queue.send([
                    OutgoingMessage(id: MessageID(TriggerID(high: 1, low: 2)), tenant: "a", body: [1])
                ])
            }
            let line = "outcome\n"
            let results = try await queue.settle(
                received.map { Settlement($0.receipt, .acknowledge, outcome: Array(line.utf8)) })
            #expect(results.filter { $0 != .stale }.count == received.count && received.count > 0)
            // The loader holds what comes due, until there is room again.
            let later = try await it.registry.now()
            try await it.register((0..<20).map { ("t\($0)", it.once("/ok", after: .seconds(1), at: later)) })
            try it.start("loader")
            try await eventually("they stay planned") { try await it.triggers(.planned) == 20 }
            _ = try await connection.call([RedisCommand("CONFIG", "SET", "maxmemory", "0")])
            try await eventually("they are sent") { try await it.triggers(.planned) == 0 }
        }
    }

    @Test func `a Redis that may throw keys away is refused, and what is to be done is said`() async throws {
        try await Cluster.with(redis: ["--maxmemory-policy", "allkeys-lru"]) { it in
            let errors = Pipe()
            let monitor = try it.start("monitor", errors: errors)
            let text = await errors.text()
            await monitor.ended()
            #expect(monitor.terminationStatus == 64)
            #expect(text.contains("allkeys-lru") && text.contains("noeviction"))
        }
    }

    @Test func `a loader that is stopped for a minute sends nothing old, and the monitor sends it`() async throws {
        try await Cluster.with { it in
            try it.startAll(except: ["loader"])
            let now = try await it.registry.now()
            try await it.register((0..<20).map { ("s\($0)", it.once("/ok", after: .seconds(1), at: now)) })
            let errors = Pipe()
            let loader = try it.start("loader", failpoint: "loader.after-claim=stop", errors: errors)
            try await eventually("a batch is committed") {
                try await it.triggers() > 0
            }
            let stopped = try await it.triggers()
            try await it.settled(stopped, within: .seconds(100))
            let delivered = try await it.keysSeen()
            #expect(delivered == stopped, "the monitor has sent them")
            kill(loader.processIdentifier, SIGCONT)
            try await it.settled(20)
            #expect(try await it.keysSeen() == 20)
            #expect(try await it.triggers(.delivered, attempts: 1) == 20)
        }
    }

    /// The monitor's look at what is late would find them a minute after their time: this is quicker.
    @Test func `what Redis has lost is sent again within seconds, because its generation has changed`() async throws {
        try await Cluster.with { it in
            try it.start("loader")
            try it.start("monitor", ["--every", "1s"])
            let now = try await it.registry.now()
            try await it.register((0..<50).map { ("s\($0)", it.once("/ok", after: .seconds(4), at: now)) })
            try await eventually("they are queued") {
                try await it.triggers(.queued) == 50
            }
            try await Task.sleep(for: .seconds(2))
            let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            _ = try await connection.call([RedisCommand("FLUSHALL")])
            try it.start("trigger-worker")
            try it.start("historian")
            try await it.settled(50, within: .seconds(40))
            #expect(try await it.keysSeen() == 50)
        }
    }

    /// A session that is lost takes the locks on its shards with it: its loader must not go on as if it held them.
    @Test func `a loader whose connection is cut takes its shards again, and no two loaders have the same`()
        async throws
    {
        try await Cluster.with { it in
            let files = (0..<2).map { _ in
                FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString)").path()
            }
            defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
            for file in files { try it.start("loader", metrics: file) }
            // Of shards: the first key of `AdvisoryLock.loader`.
            let locks = "select count(*) from pg_locks where locktype = 'advisory' and granted and classid = 1212631"
            let shards = try await it.number("select count(*) from headgate.shard")
            try await eventually("every shard has a loader") { try await it.number(locks) == shards }
            for _ in 0..<3 {
                try await it.endSessions(where: "application_name = 'headgate loader'")
                try await eventually("every shard has a loader again") { try await it.number(locks) == shards }
            }
            func taken(_ file: String) -> Int {
                let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
                let line = text.split(separator: "\n").last { $0.hasPrefix("headgate_loader_shards ") }
                return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? -1
            }
            try await eventually("their counts agree") { files.map(taken).reduce(0, +) == shards }
        }
    }

    @Test(arguments: ["loader", "trigger-worker", "monitor"])
    func `a host whose clock is 6 s off is refused`(function: String) async throws {
        try await Cluster.with { it in
            for shift in ["6s", "-6s"] {
                let errors = Pipe()
                let process = try it.start(function, clockShift: shift, errors: errors)
                let text = await errors.text()
                await process.ended()
                #expect(process.terminationStatus == 78)
                #expect(text.contains("must be within 5 s"))
            }
            let process = try it.start(function, clockShift: "2s")
            try await Task.sleep(for: .seconds(1))
            #expect(process.isRunning)
        }
    }

    @Test
    func `readers that never end stop neither new partitions nor deliveries, and a dropped day is finished later`()
        async throws
    {
        try await Cluster.with { it in
            let store = PostgresMonitorStore(url: it.postgres.postgresURL(user: "headgate_engine"))
            let old = try await it.registry.now() - .seconds(20 * 86_400)
            let day = Timestamp(seconds: floorDivide(old.seconds, 86_400) * 86_400)
            #expect(try await store.addDay(day))
            #expect(try await !store.addDay(day), "it is there")
            let readers = try await (0..<2).asyncMap { _ in
                let reader = PostgresConnection(.init(url: it.postgres.postgresURL(), applicationName: "reader"))
                // It keeps its snapshot: what is dead since then stays in the tables.
                try await reader.run(
                    script:
                        "begin isolation level repeatable read; select count(*) from headgate.trigger, headgate.schedule"
                )
                return reader
            }
            let long = PostgresConnection(.init(url: it.postgres.postgresURL(), applicationName: "long reader"))
            let reading = Task { try? await long.run(script: "select count(*), pg_sleep(3600) from headgate.trigger") }
            defer { reading.cancel() }
            try await eventually("a long statement runs") {
                try await it.number("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == 1
            }
            #expect(try await store.addDay(day + .seconds(86_400)), "a reader of the parent is not in its way")
            try it.startAll()
            let now = try await it.registry.now()
            try await it.register((0..<50).map { ("s\($0)", it.once("/ok", after: .seconds(1), at: now)) })
            try await it.settled(50)

            try await it.endSessions(where: "wait_event = 'PgSleep'")
            await #expect(throws: PostgresError.self) { try await store.dropDay(.init(start: day, place: .attached)) }
            let kept = try #require(try await store.days().first { $0.start == day })
            for reader in readers {
                try await reader.run(script: "commit")
                await reader.close()
            }
            #expect(try await store.dropDay(kept))
            #expect(try await !store.days().contains { $0.start == day })
            await store.close()
        }
    }

    @Test func `a day with an unsettled trigger is kept, and the monitor drops it when it is settled`() async throws {
        try await Cluster.with { it in
            let day = "(now() at time zone 'UTC')::date - 40"
            try await it.execute(
                """
                select headgate.add_day(\(day));
                insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at,
                    deadline, tenant, name)
                values (\(day), gen_random_uuid(), 0, 0, 0, 1, gen_random_uuid(), now(), now(), now(), 'a', 'b')
                """)
            let days = "select count(*) from pg_inherits where inhparent = 'headgate.trigger'::regclass"
            let before = try await it.number(days)
            try it.start("monitor", ["--every", "200ms"])
            try await eventually("the monitor has made its rounds") {
                try await it.number(
                    "select count(*) from headgate.monitor where swept_to > now() - interval '62 seconds'")
                    == 1
            }
            try await Task.sleep(for: .seconds(1))
            #expect(try await it.number(days) == before)
            try await it.execute("update headgate.trigger set state = ${state.expired} where day = \(day)")
            try await eventually("the day is dropped") { try await it.number(days) == before - 1 }
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}

/// The watchers are watched (protocols.md, 25b).
@Suite(.serialized) struct MonitorWatchTests {
    @Test func `readyz names a duty that is not done and stays ready`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            func monitor() async throws -> String? {
                let ready = try await api.call("GET", "/readyz")
                #expect(ready.status == 200, "the API serves without a monitor")
                return ready.body["checks"]?["monitor"]?.text
            }
            #expect(try await monitor()?.contains("yet") == true)
            let process = try it.start("monitor", ["--every", "1s"])
            try await eventually("every duty is done") { try await monitor() == "ok" }
            process.terminate()
            await process.ended()
            try await it.execute(
                "update headgate.duty set done_at = now() - interval '5 minutes' where name = 'overdue'")
            #expect(try await monitor()?.contains("\"overdue\" for 5m") == true)
            try await eventually("the API's metrics tell the duty's age") {
                let response = try await HTTPClient().execute(HTTPRequest(url: "\(api.url)/metrics"))
                let text = String(decoding: response.body, as: UTF8.self)
                let line = text.split(separator: "\n").first {
                    $0.hasPrefix("headgate_monitor_duty_age_seconds{duty=\"overdue\"} ")
                }
                let age = line?.split(separator: " ").last.flatMap { Double($0) }
                return age ?? 0 > 299 && text.contains("headgate_partition_of_tomorrow 1")
            }
            try await it.execute("update headgate.duty set done_at = now(); \(Self.dropTomorrow)")
            #expect(try await monitor() == "the partition of tomorrow is missing")
        }
    }

    private static let dropTomorrow = """
        do $$ begin
            execute format('drop table headgate.trigger_%s', to_char((now() at time zone 'UTC')::date + 1, 'YYYYMMDD'));
        end $$
        """

    @Test func `a loader makes the partitions that a monitor does not`() async throws {
        try await Cluster.with { it in
            try await it.execute(Self.dropTomorrow)
            try it.start("loader")
            let tomorrow = """
                select count(*) from pg_class where relname = 'trigger_' || to_char((now() at time zone 'UTC')::date + 1, 'YYYYMMDD')
                """
            #expect(try await it.number(tomorrow) == 0)
            try await eventually("tomorrow has a partition") { try await it.number(tomorrow) == 1 }
        }
    }

    @Test func `a day with a trigger that was redriven before it was detached comes back`() async throws {
        try await Cluster.with { it in
            let store = PostgresMonitorStore(url: it.postgres.postgresURL(user: "headgate_engine"))
            let now = try await it.registry.now()
            let day = Timestamp(seconds: floorDivide(now.seconds, 86_400) * 86_400) - .seconds(40 * 86_400)
            _ = try await store.addDay(day)
            let date = "('\(day)'::timestamptz at time zone 'UTC')::date"
            try await it.execute(
                """
                insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at,
                    deadline, tenant, name)
                values (\(date), gen_random_uuid(), 0, 0, 5, 1, gen_random_uuid(), now(), now(), now(), 'a', 'b')
                """)
            let table = "headgate.trigger_\("\(day)".prefix(10).replacing("-", with: ""))"
            // As the monitor stands after the detach; the redrive came between its look and that.
            try await it.execute(
                "update headgate.trigger set state = ${state.queued} where day = \(date); alter table headgate.trigger detach partition \(table)"
            )
            #expect(try await !store.dropDay(.init(start: day, place: .detached)))
            #expect(try await it.triggers(where: "day = \(date) and state = ${state.queued}") == 1)
            try await it.execute("update headgate.trigger set state = ${state.delivered} where day = \(date)")
            #expect(try await store.dropDay(.init(start: day, place: .attached)))
            await store.close()
        }
    }

    @Test func `a planned trigger below its shard's floor is found`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let now = try await it.registry.now()
            let body =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}},"at":"\#(now + .seconds(3))"}"#
            #expect(try await api.call("POST", "/v1/triggers", body).status == 202)
            // As two loaders leave it that write a floor at once.
            try await it.execute(
                """
                update headgate.shard set planned_low = 'infinity';
                insert into headgate.overdue select day, id, now() from headgate.trigger
                """)
            try it.startAll()
            try await it.settled(1)
            try await it.checkRecorded(1)
        }
    }

    @Test func `a monitor that stood still between reading and sending sends nothing`() async throws {
        try await Cluster.with { it in
            let url = try RedisURL(it.redis.withLock { $0 }.redisURL)
            let queue = RedisQueue(name: .triggers, configuration: .init(shards: 2), url: url, outcomes: .outcomes)
            let now = try await it.registry.now()
            try await it.register((0..<5).map { ("s\($0)", it.once("/ok", after: .seconds(1), at: now)) })
            let loader = try it.start("loader")
            try await eventually("all are queued") {
                try await queue.statistics().delayed + queue.statistics().ready == 5
            }
            loader.terminate()
            await loader.ended()
            _ = try await queue.purge()
            try await it.makeOverdue()
            let monitor = try it.start("monitor", ["--every", "1s"], failpoint: "monitor.before-send=stop")
            try await eventually("it has read them") {
                try await it.number("select count(*) from headgate.overdue where check_at > now()") == 5
            }
            try await eventually("its ticket is too old", within: .seconds(90)) {
                try await it.number(
                    "select count(*) from headgate.overdue where check_at < now() - interval '2 seconds'") == 5
            }
            // What it has read may be over by now.
            try await it.execute("update headgate.trigger set state = ${state.delivered}; delete from headgate.overdue")
            kill(monitor.processIdentifier, SIGCONT)
            try await eventually("it goes on") {
                try await it.number(
                    "select count(*) from headgate.duty where name = 'overdue' and done_at > now() - interval '3 seconds'"
                )
                    == 1
            }
            let statistics = try await queue.statistics()
            #expect(statistics.ready + statistics.delayed == 0)
        }
    }
}
