import Foundation
import Model
import Postgres
import TestServers
import TestTarget
import Testing

/// Calls about many schedules, or many occurrences of one.
@Suite(.serialized) struct BulkTests {
    private func line(_ name: String, _ when: String, _ port: Int, tenant: String = "dev") -> String {
        #"{"tenant":"\#(tenant)","name":"\#(name)","action":{"http":{"url":"http://127.0.0.1:\#(port)/ok"}},"when":[\#(when)]}"#
    }

    @Test func `schedules are paused and resumed by prefix, and those of others are not`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let lines =
                (0..<1_203).map { line("eu-\($0)", #"{"every":"1h"}"#, 9) } + [line("us-1", #"{"every":"1h"}"#, 9)]
                + [line("eu-1", #"{"every":"1h"}"#, 9, tenant: "other")]
            let answer = try await api.call("POST", "/v1/schedules/import", lines.joined(separator: "\n"))
            #expect(answer.body["created"]?.int == 1_205)
            #expect(try await api.call("POST", "/v1/schedules/pause").status == 400)
            let paused = try await api.call("POST", "/v1/schedules/pause?prefix=eu-", #"{"reason":"maintenance"}"#)
            #expect(paused.status == 200 && paused.body["paused"]?.int == 1_203)
            let states =
                "select count(*) from headgate.schedule where state = ${schedule.paused} and tenant = 'dev' and name like 'eu-%'"
            #expect(try await it.number(states) == 1_203)
            #expect(try await it.number("select count(*) from headgate.schedule where state = ${schedule.active}") == 2)
            let resumed = try await api.call("POST", "/v1/schedules/resume?prefix=eu-", #"{"missed":"skip"}"#)
            #expect(resumed.body["resumed"]?.int == 1_203)
            #expect(
                try await it.number(
                    "select count(*) from headgate.schedule where state = ${schedule.active} and next_at is not null")
                    == 1_205)
            #expect(try await api.call("POST", "/v1/schedules/pause?prefix=eu-").body["paused"]?.int == 1_203)
        }
    }

    @Test func `an author of one tenant imports nothing into another`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let made = try await api.call("POST", "/v1/keys", #"{"subject":"bob","tenant":"other","role":"admin"}"#)
            let other = api.with(key: try #require(made.body["key"]?.text))
            let body = [
                line("a", #"{"every":"1h"}"#, 9, tenant: "dev"), line("b", #"{"every":"1h"}"#, 9, tenant: "other"),
            ]
            let answer = try await other.call("POST", "/v1/schedules/import", body.joined(separator: "\n"))
            #expect(answer.body["created"]?.int == 1)
            #expect(answer.body["refused"]?.elements?.compactMap { $0["line"]?.int } == [1])
            #expect(try await it.number("select count(*) from headgate.schedule where tenant = 'dev'") == 0)
        }
    }

    @Test func `a backfill runs what was not delivered, once, behind live work`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let body =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}},"when":[{"every":"1h","anchor":"2026-01-01T00:00:00Z"}]}"#
            let made = try await api.call("PUT", "/v1/schedules/a", body)
            let next = try #require(made.body["nextAt"]?.text.flatMap { Timestamp($0) })
            // Fifty hours back: across days that have partitions and days that have none. One of them was delivered.
            let (from, to) = (next - .seconds(51 * 3_600), next - .seconds(3_600))
            try await it.execute(
                """
                insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at,
                    deadline, tenant, name)
                select (now() at time zone 'UTC')::date, gen_random_uuid(), s.shard, 0, 2, 1, s.id, '\(from)', now(), now(),
                    'dev', 'a' from headgate.schedule s where name = 'a'
                """)
            let range = #"{"from":"\#(from)","to":"\#(to)"}"#
            let first = try await api.call("POST", "/v1/schedules/a/backfill", range)
            #expect(first.status == 202 && first.body["triggers"]?.int == 49 && first.body["skipped"]?.int == 1)
            let again = try await api.call("POST", "/v1/schedules/a/backfill", range)
            #expect(again.body["triggers"]?.int == 0 && again.body["skipped"]?.int == 50)
            try await eventually("they run") { try await it.triggers(.delivered, kind: .backfill) == 49 }
            #expect(try await it.keysSeen() == 49)
            #expect(try await api.call("POST", "/v1/schedules/a/backfill", range).body["triggers"]?.int == 0)
            // What has failed may be asked for again: of the last day too.
            try await it.execute(
                """
                update headgate.trigger set state = ${state.dead}
                where occurrence in ('\(to - .seconds(3_600))', '\(from + .seconds(3_600))')
                """)
            let failed = try await api.call("POST", "/v1/schedules/a/backfill", range)
            #expect(failed.body["triggers"]?.int == 2 && failed.body["skipped"]?.int == 48)
            for bad in [
                #"{"from":"\#(to)","to":"\#(from)"}"#, #"{"from":"\#(from)"}"#,
                #"{"from":"\#(from)","to":"\#(next + .seconds(9_000))"}"#,
            ] { #expect(try await api.call("POST", "/v1/schedules/a/backfill", bad).status == 400) }
        }
    }

    @Test(arguments: ["pause", "delete"])
    func `a backfill of occurrences of weeks ago ends with its schedule`(how: String) async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.start("loader")
            let body = #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"every":"24h"}]}"#
            let made = try await api.call("PUT", "/v1/schedules/a", body)
            let next = try #require(made.body["nextAt"]?.text.flatMap { Timestamp($0) })
            let (from, to) = (next - .seconds(30 * 86_400), next - .seconds(20 * 86_400))
            let asked = try await api.call(
                "POST", "/v1/schedules/a/backfill", #"{"from":"\#(from)","to":"\#(to)"}"#)
            #expect(asked.body["triggers"]?.int == 10)
            func count(_ condition: String) async throws -> Int {
                try await it.triggers(where: "kind = ${kind.backfill} and \(condition)")
            }
            try await eventually("they are queued") { try await count("state = ${state.queued}") == 10 }
            // And one that was redriven twelve days after its time.
            try await it.execute(
                """
                select headgate.add_day((now() at time zone 'UTC')::date - 12);
                with old as (
                    insert into headgate.trigger (day, id, shard, kind, state, redrive, revision, schedule_id, occurrence,
                        planned_at, deadline, tenant, name)
                    select (now() at time zone 'UTC')::date - 12, gen_random_uuid(), s.shard, 0, 1, 1, 1, s.id,
                        now() - interval '12 days', now() - interval '12 days', now() + interval '1 hour', 'dev', 'a'
                    from headgate.schedule s where name = 'a' returning day, id)
                insert into headgate.overdue (day, id, check_at) select day, id, now() + interval '1 minute' from old
                """)
            _ =
                how == "pause"
                ? try await api.call("POST", "/v1/schedules/a/pause") : try await api.call("DELETE", "/v1/schedules/a")
            // A pause leaves them alone (protocols.md, 9a), a delete ends them.
            #expect(try await count("state = ${state.cancelled}") == (how == "pause" ? 0 : 10))
            #expect(try await it.triggers(where: "redrive = 1 and cancel_requested") == 1)
            let queues = try await api.call("GET", "/v1/queues/triggers")
            let left = (queues.body["ready"]?.int ?? -1) + (queues.body["delayed"]?.int ?? -1)
            #expect(left == (how == "pause" ? 10 : 0))
        }
    }

    @Test func `a forecast ends with maxTriggers, and counts what is planned and lies ahead`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let lines = [
                #"{"tenant":"dev","name":"a","action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"every":"1s"}],"maxTriggers":100}"#
            ]
            _ = try await api.call("POST", "/v1/schedules/import", lines.joined(separator: "\n"))
            func forecast(_ query: String) async throws -> Int {
                let answer = try await api.call("GET", "/v1/forecast?\(query)")
                return (answer.body["steps"]?.elements ?? []).compactMap { $0["triggers"]?.int }.reduce(0, +)
            }
            // Nothing of it comes to be due while this is looked at.
            try await it.execute("update headgate.schedule set next_at = next_at + interval '600 seconds'")
            let shown = try await api.call("GET", "/v1/schedules/a")
            let next = try #require(shown.body["nextAt"]?.text.flatMap { Timestamp($0) })
            func hour(from seconds: Int64) async throws -> Int {
                let from = next + .seconds(seconds)
                return try await forecast("step=1h&from=\(from)&to=\(from + .seconds(3_600))")
            }
            #expect(try await hour(from: 0) == 100)
            // Those before it are planned, and run too.
            #expect(try await hour(from: -30) == 130)
            try await it.execute("update headgate.schedule set fired = 40")
            #expect(try await hour(from: 0) == 60)
            #expect(try await hour(from: 25) == 35)
            #expect(try await hour(from: 60) == 0)
        }
    }

    @Test func `a forecast counts what upcoming lists`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let whens = [
                #"{"every":"7m"}"#, #"{"cron":"*/5 9-17 * * *","timeZone":"Europe/Berlin"}"#,
                #"{"every":"1h"},{"every":"90m"}"#,
            ]
            let lines = whens.enumerated().map { line("s\($0)", $1, 9) }
            _ = try await api.call("POST", "/v1/schedules/import", lines.joined(separator: "\n"))
            let from = Timestamp(seconds: (try await it.registry.now()).seconds / 3_600 * 3_600 + 7_200)
            let (to, step) = (from + .seconds(86_400), Duration.seconds(7_200))
            let forecast = try await api.call("GET", "/v1/forecast?from=\(from)&to=\(to)&step=2h")
            #expect(forecast.body["schedules"]?.int == 3)
            let counts = (forecast.body["steps"]?.elements ?? []).compactMap { $0["triggers"]?.int }
            var expected = Array(repeating: 0, count: 12)
            for name in ["s0", "s1", "s2"] {
                let after = from - .microseconds(1)
                let list = try await api.call("GET", "/v1/schedules/\(name)/upcoming?count=1000&after=\(after)")
                for time in (list.body["upcoming"]?.elements ?? []).compactMap({ $0.text.flatMap { Timestamp($0) } })
                where time < to { expected[Int((time - from).microseconds / step.microseconds)] += 1 }
            }
            #expect(counts == expected && counts.reduce(0, +) > 200)
            #expect(try await api.call("GET", "/v1/forecast?step=1ms").status == 400)
            #expect(try await api.call("GET", "/v1/forecast?from=\(from)&to=\(to)&step=1s").status == 400)
        }
    }

    @Test(arguments: [
        "step=2562047788h", "step=0s", "step=1s&to=2099-01-01T00:00:00Z",
        "from=9999-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&step=366d",
    ])
    func `a forecast of no sense is refused, and the API goes on`(query: String) async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let answer = try await api.call("GET", "/v1/forecast?\(query)")
            #expect(answer.status == (query.hasPrefix("from=9999") ? 200 : 400))
            #expect(try await api.call("GET", "/v1/schedules").status == 200)
        }
    }

    @Test func `a schedule that fails again and again pauses itself, says why, and begins anew when resumed`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            func body(_ path: String) -> String {
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)\#(path)"}},"when":[{"every":"1s"}],"pauseAfter":3}"#
            }
            let made = try await api.call("PUT", "/v1/schedules/a", body("/status/404"))
            #expect(made.body["pauseAfter"]?.int == 3)
            _ = try await api.call("PUT", "/v1/schedules/b", body("/ok"))
            func shown(_ name: String) async throws -> JSON { try await api.call("GET", "/v1/schedules/\(name)").body }
            try await eventually("it is paused") { try await shown("a")["state"]?.text == "paused" }
            #expect(try await shown("a")["pauseReason"]?.text == "3 failures in a row, the last: status 404")
            try await eventually("nothing of it is left in the queue") {
                try await it.triggers(.planned, .queued, named: "a") == 0
            }
            let before = try await it.triggers(.rejected, named: "a")
            _ = try await api.call("POST", "/v1/schedules/a/resume", #"{"missed":"skip"}"#)
            try await eventually("it is paused again") { try await shown("a")["state"]?.text == "paused" }
            #expect(try await it.triggers(.rejected, named: "a") >= before + 3)
            #expect(try await shown("b")["state"]?.text == "active")
            #expect(try await it.number("select failures from headgate.failure_watch where name = 'b'") == 0)
            _ = try await api.call("DELETE", "/v1/schedules/a")
            _ = try await api.call("PUT", "/v1/schedules/b", body("/ok").replacing(#","pauseAfter":3"#, with: ""))
            #expect(try await it.count(of: .failureWatches) == 0)
            #expect(
                try await api.call("PUT", "/v1/schedules/c", body("/ok").replacing(":3}", with: ":0}")).status == 400)
        }
    }

    /// What is planned ahead waits in the queue, also where no monitor takes it out.
    @Test func `a schedule that pauses itself makes no more calls`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll(except: ["monitor"])
            let body =
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/status/404"}},"when":[{"every":"1s"}],"pauseAfter":2}"#
            _ = try await api.call("PUT", "/v1/schedules/a", body)
            try await eventually("it is paused") {
                try await api.call("GET", "/v1/schedules/a").body["state"]?.text == "paused"
            }
            try await Task.sleep(for: .seconds(4))
            // One may have been under way.
            #expect(try await it.callsSeen().total <= 3)
        }
    }

    @Test func `a preview ends with the last trigger`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let body =
                #"{"action":{"http":{"url":"http://127.0.0.1:1/x"}},"when":[{"every":"1d"}],"maxTriggers":2}"#
            let answer = try await api.call("POST", "/v1/schedules/preview?count=5", body)
            #expect(answer.body["upcoming"]?.elements?.count == 2)
        }
    }
}
