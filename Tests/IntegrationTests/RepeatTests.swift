import Foundation
import Model
import Postgres
import Redis
import Synchronization
import TestServers
import TestTarget
import Testing

/// Requests that come twice, or meet others on their way.
@Suite(.serialized) struct RepeatTests {
    private static func once(_ at: Timestamp, _ path: String, _ port: Int) -> String {
        #"{"action":{"http":{"url":"http://127.0.0.1:\#(port)\#(path)"}},"when":[{"at":"\#(at)"}]}"#
    }

    @Test func `a POST with an idempotency key is carried out once`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            _ = try await api.call("PUT", "/v1/schedules/a", APITests.schedule)
            let first = try await api.call("POST", "/v1/schedules/a/fire", repeating: "one")
            let second = try await api.call("POST", "/v1/schedules/a/fire", repeating: "one")
            #expect(first.status == 202 && second.status == 202 && first.body == second.body)
            let other = try await api.call("POST", "/v1/schedules/a/fire", repeating: "two")
            #expect(other.body["id"] != first.body["id"])
            #expect(try await it.triggers() == 2)
            let reused = try await api.call("POST", "/v1/schedules/a/pause", repeating: "one")
            #expect(reused.status == 422, "the key of another request")
            // A refusal changed nothing, and is not kept: with its mistake mended the same key works.
            #expect(try await api.call("POST", "/v1/triggers", "{}", repeating: "three").status == 400)
            let body = #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}}}"#
            #expect(try await api.call("POST", "/v1/triggers", body, repeating: "three").status == 202)
        }
    }

    @Test(arguments: ["/v1/schedules/a/fire", "/v1/triggers"])
    func `a try that died before its answer was kept is made again with the same ids`(path: String) async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            _ = try await api.call("PUT", "/v1/schedules/a", APITests.schedule)
            let body = path == "/v1/triggers" ? #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}}}"# : nil
            let first = try await api.call("POST", path, body, repeating: "k")
            try await it.execute("update headgate.idempotency set status = 0, body = ''")
            #expect(try await api.call("POST", path, body, repeating: "k").status == 409, "it may be under way")
            try await it.execute("update headgate.idempotency set claimed_at = claimed_at - interval '2 minutes'")
            let second = try await api.call("POST", path, body, repeating: "k")
            #expect(second.status == 202 && second.body["id"] == first.body["id"])
            #expect(try await it.triggers() == 1)
        }
    }

    @Test(arguments: ["/v1/schedules/pause?prefix=a", "/v1/schedules/import"])
    func `an answer is kept where an earlier try may have changed what this one finds unchanged`(path: String)
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            _ = try await api.call("PUT", "/v1/schedules/a", APITests.schedule)
            let line = #"{"name":"b",\#(APITests.schedule.dropFirst())"#
            let body = path.hasSuffix("import") ? line : nil
            #expect(try await api.call("POST", path, body, repeating: "k").status == 200)
            try await it.execute(
                "update headgate.idempotency set status = 0, body = '', claimed_at = claimed_at - interval '2 minutes'")
            for _ in 0..<2 { #expect(try await api.call("POST", path, body, repeating: "k").status == 200) }
            #expect(try await it.count(of: .requests) == 1)
            _ = try await api.call("POST", "/v1/schedules/a/resume")
            _ = try await api.call("POST", path, body, repeating: "k")
            #expect(try await api.call("GET", "/v1/schedules/a").body["state"]?.text == "active")
        }
    }

    @Test func `a key's text is not kept for a repeat`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let made = try await api.call("POST", "/v1/keys", #"{"subject":"bob"}"#, repeating: "k")
            #expect(made.status == 201)
            #expect(try await api.call("POST", "/v1/keys", #"{"subject":"bob"}"#, repeating: "k").status == 409)
            #expect(try await it.number("select count(*) from headgate.idempotency where body like '%hg_%'") == 0)
        }
    }

    @Test func `of writers that expect the same revision one wins`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            func body(_ hours: Int) -> String {
                #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"every":"\#(hours)h"}]}"#
            }
            #expect(try await api.call("PUT", "/v1/schedules/a", body(1), matching: "*").status == 412)
            #expect(try await it.count(of: .names) == 0)
            #expect(try await api.call("PUT", "/v1/schedules/a", body(1)).status == 201)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for hours in 2..<10 {
                    group.addTask {
                        try await api.call("PUT", "/v1/schedules/a", body(hours), matching: "\"1\"").status
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [200: 1, 412: 7])
            #expect(try await api.call("DELETE", "/v1/schedules/a", matching: "\"1\"").status == 412)
            #expect(try await api.call("DELETE", "/v1/schedules/a", matching: "2").status == 400)
            let tag = try await api.entityTag("/v1/schedules/a")
            #expect(tag.hasPrefix("\"2-"))
            #expect(try await api.call("DELETE", "/v1/schedules/a", matching: tag).status == 204)
            for hours in [1, 2] { _ = try await api.call("PUT", "/v1/schedules/a", body(hours)) }
            #expect(
                try await api.call("PUT", "/v1/schedules/a", body(3), matching: tag).status == 412, "another schedule")
            #expect(try await api.call("DELETE", "/v1/schedules/a", matching: "\"2\"").status == 204)
        }
    }

    @Test func `deleting and creating one name at once leaves no schedule without its name`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<120 {
                    group.addTask {
                        try await api.call(
                            index % 2 == 0 ? "PUT" : "DELETE", "/v1/schedules/a",
                            index % 2 == 0 ? APITests.schedule : nil
                        ).status
                    }
                }
                for try await status in group { #expect([200, 201, 204, 404].contains(status)) }
            }
            let nameless = """
                select count(*) from headgate.schedule s
                where not exists (select 1 from headgate.schedule_name n where n.id = s.id)
                """
            #expect(try await it.number(nameless) == 0)
            #expect(try await it.count(of: .schedules) <= 1)
        }
    }

    @Test func `an update plans again what was queued, and only the new revision is delivered`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let at = try await it.registry.now() + .seconds(3)
            _ = try await api.call("PUT", "/v1/schedules/a", RepeatTests.once(at, "/ok/old", it.target.port))
            try await eventually("it is queued") {
                try await it.triggers(.queued) == 1
            }
            let new = try await api.call("PUT", "/v1/schedules/a", RepeatTests.once(at, "/ok/new", it.target.port))
            #expect(new.body["revision"]?.int == 2)
            try await it.settled(2)
            #expect(
                try await it.triggers(where: "revision = 1 and state = ${state.cancelled} and reason = 'superseded'")
                    == 1)
            #expect(try await it.triggers(where: "revision = 2 and state = ${state.delivered}") == 1)
            #expect(try await it.keysSeen() == 1)
        }
    }

    @Test(arguments: [("skip", 0, 6), ("last", 1, 5), ("all", 6, 0)])
    func `a resume says what becomes of what was missed`(missed: String, runs: Int, skipped: Int) async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let body = """
                {"action":{"http":{"url":"http://127.0.0.1:\(it.target.port)/ok"}},"when":[{"every":"1h"}],"margin":"59m",
                "spread":"none","missed":"last","paused":true}
                """
            #expect(try await api.call("PUT", "/v1/schedules/a", body).status == 201)
            // As if paused for ten days: long past is expired, and the last six are in their margin. The next is due in
            // five minutes, after this test.
            let anchor = try await it.registry.now() - .seconds(300)
            let every =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}},"when":[{"every":"10m","anchor":"\#(anchor)"}],"#
            let wide = every + #""margin":"1h","spread":"none","paused":true}"#
            #expect(try await api.call("PUT", "/v1/schedules/a", wide).status == 200)
            try await it.execute("update headgate.schedule set resume_at = resume_at - interval '10 days'")
            let resumed = try await api.call("POST", "/v1/schedules/a/resume", #"{"missed":"\#(missed)"}"#)
            #expect(resumed.body["state"]?.text == "active")
            try it.startAll()
            try await eventually("it is planned") {
                try await it.triggers(.expired) == 1
            }
            let sql = "from headgate.trigger where occurrence < now() and state"
            try await eventually("they run") {
                try await it.number("select count(*) \(sql) = ${state.delivered}") == runs
            }
            #expect(try await it.number("select coalesce(sum(count), 0)::int8 \(sql) = ${state.skipped}") == skipped)
            let expired = try await it.number("select sum(count)::int8 \(sql) = ${state.expired}")
            #expect((1_430...1_440).contains(expired))
            #expect(try await it.number("select count(*) from headgate.schedule where resume_missed is not null") == 0)
        }
    }

    @Test func `a PUT while the loader is behind, or while paused, leaves no occurrence without a record`() async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            func body(_ path: String, _ extra: String = "") -> String {
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)\#(path)"}},"when":[{"every":"1m"}]\#(extra)}"#
            }
            _ = try await api.call("PUT", "/v1/schedules/behind", body("/ok/1"))
            _ = try await api.call("PUT", "/v1/schedules/paused", body("/ok/1", #","paused":true"#))
            try await it.missHours(3)
            for name in ["behind", "paused"] { _ = try await api.call("PUT", "/v1/schedules/\(name)", body("/ok/2")) }
            _ = try await api.call("POST", "/v1/schedules/paused/resume")
            try it.startAll()
            for name in ["behind", "paused"] {
                let sql = "select coalesce(sum(count), 0)::int8 from headgate.trigger where name = '\(name)'"
                try await eventually("\(name) is accounted for") {
                    try await it.number(sql + " and occurrence < now()") >= 180
                }
            }
        }
    }

    @Test func `an update does not deliver again what was delivered while an earlier one is still retried`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            func body(_ path: String) -> String {
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)\#(path)"}},"when":[{"every":"1s"}],"missed":"all"}"#
            }
            _ = try await api.call("PUT", "/v1/schedules/a", body("/ok/old"))
            try await eventually("four are delivered") { try await it.triggers(.delivered) >= 4 }
            // As if the first one had failed, and waited for its next attempt.
            try await it.execute(
                "update headgate.trigger set state = ${state.queued} where occurrence = (select min(occurrence) from headgate.trigger)"
            )
            _ = try await api.call("PUT", "/v1/schedules/a", body("/ok/new"))
            try await eventually("the new revision runs") {
                try await it.triggers(where: "state = ${state.delivered} and revision = 2") >= 2
            }
            let twice = """
                select count(*) from (select occurrence from headgate.trigger where state = ${state.delivered}
                    group by occurrence having count(*) > 1) t
                """
            #expect(try await it.number(twice) == 0)
        }
    }

    @Test func `a PUT that pauses removes what is queued`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.start("loader")
            let at = try await it.registry.now() + .seconds(3)
            let body =
                #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"at":"\#(at)"},{"at":"\#(at + .seconds(9_000))"}]}"#
            _ = try await api.call("PUT", "/v1/schedules/a", body)
            try await eventually("it is queued") {
                try await it.triggers(.queued) == 1
            }
            let paused = body.dropLast() + #","paused":true}"#
            #expect(try await api.call("PUT", "/v1/schedules/a", String(paused)).body["state"]?.text == "paused")
            #expect(
                try await it.triggers(.cancelled, reason: .paused) == 1)
        }
    }

    @Test func `a one-off far ahead keeps its id, its kind and its margin`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let at = try await it.registry.now() + .seconds(3 * 86_400)
            let body =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}},"at":"\#(at)","margin":"2m"}"#
            let made = try await api.call("POST", "/v1/triggers", body)
            let id = try #require(made.body["id"]?.text)
            #expect(made.status == 202 && made.body["state"]?.text == "planned")
            #expect(try await api.call("GET", "/v1/triggers/\(id)").body["occurrence"] == made.body["occurrence"])
            // A loader that looks as far ahead as that.
            try it.start("loader", ["--every", "73h"])
            try await eventually("it is a trigger") {
                try await it.triggers() == 1
            }
            let shown = try await api.call("GET", "/v1/triggers/\(id)")
            #expect(shown.body["kind"]?.text == "oneOff" && shown.body["schedule"] == .null)
            let deadline = try #require(shown.body["deadline"]?.text.flatMap { Timestamp($0) })
            #expect(deadline - at >= .seconds(119) && deadline - at <= .seconds(180))
            #expect(try await api.call("POST", "/v1/triggers/\(id)/cancel").body["state"]?.text == "cancelled")
        }
    }

    @Test func `a page of a schedule's triggers goes on where the last one ended`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            _ = try await api.call("PUT", "/v1/schedules/a", APITests.schedule)
            // Records of occurrences of long ago are dated today: their ids say nothing of their order.
            try await it.execute(
                """
                insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at,
                    deadline, tenant, name)
                select (now() at time zone 'UTC')::date, gen_random_uuid(), s.shard, 0, 4, 1, s.id,
                    now() - g * interval '1 hour', now(), now(), 'dev', 'a'
                from headgate.schedule s, generate_series(1, 20) g
                """)
            var seen: [String] = []
            var cursor = ""
            repeat {
                let page = try await api.call("GET", "/v1/triggers?schedule=a&limit=3\(cursor)")
                seen += (page.body["items"]?.elements ?? []).compactMap { $0["id"]?.text }
                cursor = page.body["next"]?.text.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty && seen.count < 100
            #expect(seen.count == 20 && Set(seen).count == 20)
        }
    }

    @Test func `a redrive whose send was lost is sent by the monitor, also when the schedule is gone`() async throws {
        try await Cluster.with { it in
            try it.startAll(except: ["monitor"])
            let now = try await it.registry.now()
            try await it.register(
                (0..<2).map {
                    (
                        "s\($0)",
                        it.once(
                            "/once/503/x", after: .seconds(1), at: now, retry: ["initial": "10ms", "maxAttempts": 1])
                    )
                }, tenant: "dev")
            try await it.settled(2)
            // The transition without the send, as of an API that died between the two; one schedule is deleted besides.
            try await it.execute(
                """
                update headgate.trigger set state = ${state.queued}, redrive = 1, recorded = 0, attempts = 0, deadline = now() + interval '1 hour';
                insert into headgate.overdue select day, id, now() from headgate.trigger
                """)
            try await it.execute("delete from headgate.schedule where name = 's1'")
            try it.start("monitor", ["--every", "200ms"])
            try await eventually("it is delivered") {
                try await it.triggers(where: "name = 's0' and state = ${state.delivered} and redrive = 1") == 1
            }
            // Of the other there is only the dead letter of before: nobody can send it again, and it ends.
            try await eventually("it ends") {
                try await it.triggers(where: "name = 's1' and state = ${state.cancelled} and reason like 'lost with%'")
                    == 1
            }
        }
    }

    @Test func `pausing and resuming again and again loses no occurrence and delivers none twice`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let body =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}},"when":[{"every":"1s"}],"margin":"60s","spread":"none"}"#
            _ = try await api.call("PUT", "/v1/schedules/a", body)
            for _ in 0..<4 {
                try await Task.sleep(for: .milliseconds(1_300))
                #expect(try await api.call("POST", "/v1/schedules/a/pause").status == 200)
                #expect(try await api.call("POST", "/v1/schedules/a/resume", #"{"missed":"all"}"#).status == 200)
            }
            let delivered = "from headgate.trigger where state = ${state.delivered}"
            let from = try await it.number("select count(distinct occurrence) \(delivered)")
            try await eventually("more are delivered") {
                try await it.number("select count(distinct occurrence) \(delivered)") >= from + 6
            }
            // From the first to the one before the last, without a gap.
            let span = """
                select (extract(epoch from max(occurrence) - min(occurrence)) + 1 - count(distinct occurrence))::int8
                from headgate.trigger where state = ${state.delivered} and occurrence < now() - interval '2 seconds'
                """
            #expect(try await it.number(span) == 0, "occurrences between that were not delivered")
            #expect(try await it.number("select (count(*) - count(distinct occurrence))::int8 \(delivered)") == 0)
        }
    }

    @Test func `what is under way when its schedule is updated or paused is not run again`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            func body(_ path: String) -> String {
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)\#(path)"}},"when":[{"every":"1h","anchor":"\#(anchor)"}],"margin":"30m","spread":"none","missed":"all"}"#
            }
            let anchor = try await it.registry.now() + .seconds(2)
            for name in ["a", "b"] { _ = try await api.call("PUT", "/v1/schedules/\(name)", body("/slow/3s/x")) }
            try await eventually("both calls are under way") { try await it.keysSeen() == 2 }
            _ = try await api.call("PUT", "/v1/schedules/a", body("/ok/new"))
            _ = try await api.call("POST", "/v1/schedules/b/pause")
            _ = try await api.call("POST", "/v1/schedules/b/resume")
            try await it.settled(2)
            try await Task.sleep(for: .seconds(3))
            #expect(try await it.keysSeen() == 2)
            #expect(try await it.triggers(.delivered) == 2)
        }
    }

    @Test func `a dead trigger is sent again by its record, also when the queue has lost its dead letter`() async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            // Its first call fails, the second one succeeds.
            let body =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/once/503/x"}},"retry":{"maxAttempts":1}}"#
            let made = try await api.call("POST", "/v1/triggers", body)
            let id = try #require(made.body["id"]?.text)
            func shown() async throws -> JSON { try await api.call("GET", "/v1/triggers/\(id)").body }
            try await eventually("it is dead") { try await shown()["state"]?.text == "dead" }
            let redis = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            _ = try await redis.call([RedisCommand("FLUSHALL")])
            let dead = try await api.call("GET", "/v1/queues/triggers/dead").body["items"]?.elements
            #expect(dead?.map { $0["id"]?.text } == [id], "the database lists it")
            let again = try await api.call("POST", "/v1/triggers/\(id)/redrive")
            #expect(again.status == 202 && again.body["state"]?.text == "queued")
            try await eventually("it is delivered") { try await shown()["state"]?.text == "delivered" }
            #expect(try await api.call("POST", "/v1/triggers/\(id)/redrive").status == 409)
            let unknown = "00000000-0000-7000-8000-000000000000"
            #expect(try await api.call("POST", "/v1/triggers/\(unknown)/redrive").status == 404)
        }
    }
}
