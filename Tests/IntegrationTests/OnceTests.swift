import Foundation
import Model
import Postgres
import Redis
import Synchronization
import TestServers
import TestTarget
import Testing

/// Once per occurrence over all revisions, and actions that outlive a change (protocols.md, 8a and 9a).
@Suite(.serialized) struct OnceTests {
    private func schedule(_ it: Cluster, _ path: String, _ rest: String) -> String {
        #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)\#(path)"}},\#(rest)}"#
    }

    /// The storm in which five of 561 occurrences were called under two revisions.
    @Test func `no occurrence is called twice while its schedule is saved again and again`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let end = ContinuousClock.now + .seconds(12)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<5 {
                    let document = { (change: Int) in
                        #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok","body":\#(change)}},"when":[{"every":"1s"}]}"#
                    }
                    group.addTask {
                        var change = 0
                        while ContinuousClock.now < end {
                            change += 1
                            let put = try await api.call("PUT", "/v1/schedules/storm\(number)", document(change))
                            #expect(put.status < 300)
                            try await Task.sleep(for: .milliseconds(400))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("calls are made between the changes") { try await it.keysSeen() > 20 }
            for number in 0..<5 { _ = try await api.call("DELETE", "/v1/schedules/storm\(number)") }
            try await eventually("nothing is open") {
                try await it.triggers(.planned, .queued) == 0
            }
            let (distinct, total) = try await it.callsSeen()
            #expect(total == distinct, "each call has a key of its own, which is the occurrence's")
            let twice = """
                select count(*) from (select schedule_id, occurrence from headgate.trigger where attempts > 0 and kind = ${kind.scheduled}
                    group by 1, 2 having count(*) > 1) t
                """
            #expect(try await it.number(twice) == 0)
            #expect(try await it.triggers(.delivered) == total)
        }
    }

    @Test(arguments: [false, true])
    func `a dead trigger is redriven with its own action after its schedule was changed`(isFlushed: Bool) async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let old = schedule(it, "/status/500?old", #""when":[\#(Cluster.hourly)],"retry":{"maxAttempts":1}"#)
            #expect(try await api.call("PUT", "/v1/schedules/nightly", old).status == 201)
            let fired = try await api.call("POST", "/v1/schedules/nightly/fire")
            let id = try #require(fired.body["id"]?.text)
            try await it.settled(1)
            let dead = try await api.call("GET", "/v1/queues/triggers/dead").body["items"]?.elements
            #expect(dead?.map { $0["id"]?.text } == [id] && dead?.first?["schedule"]?.text == "nightly")
            #expect(try await api.call("GET", "/v1/queues/triggers").body["dead"]?.int == 1)

            let changed = schedule(
                it, "/status/500?old", #""when":[\#(Cluster.hourly)],"margin":"10m","retry":{"maxAttempts":1}"#)
            #expect(try await api.call("PUT", "/v1/schedules/nightly", changed).body["revision"]?.int == 2)
            if isFlushed {
                let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
                _ = try await connection.call([RedisCommand("FLUSHALL")])
            }
            let again = try await api.call("POST", "/v1/queues/triggers/redrive")
            #expect(again.body["redriven"]?.int == 1)
            try await eventually("it is called again and recorded") {
                let trigger = try await api.call("GET", "/v1/triggers/\(id)").body
                return trigger["state"]?.text == "dead" && trigger["redrive"]?.int == 1
                    && trigger["attempts"]?.elements?.count == 2
            }
            let (distinct, total) = try await it.callsSeen()
            #expect(distinct == 1 && total == 2, "with the same key")
            #expect(try await api.call("DELETE", "/v1/schedules/nightly").status == 204)
            #expect(try await api.call("POST", "/v1/triggers/\(id)/redrive").status == 202, "its action is kept")
            try await eventually("it is called a third time") { try await it.callsSeen().total == 3 }
        }
    }

    /// Fired, backfilled and single triggers wait here for a worker that comes later.
    @Test func `a change and a pause leave alone what was fired, backfilled or made one by one`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll(except: ["trigger-worker"])
            let old = schedule(it, "/ok?old", #""when":[\#(Cluster.hourly)]"#)
            #expect(try await api.call("PUT", "/v1/schedules/nightly", old).status == 201)
            #expect(try await api.call("POST", "/v1/schedules/nightly/fire").status == 202)
            let now = try await it.registry.now()
            let range = #"{"from":"\#(now - .seconds(7_200))","to":"\#(now)"}"#
            #expect(try await api.call("POST", "/v1/schedules/nightly/backfill", range).body["triggers"]?.int == 2)
            let single = #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok?single"}}}"#
            #expect(try await api.call("POST", "/v1/triggers", single).status == 202)
            let new = schedule(it, "/ok?new", #""when":[\#(Cluster.hourly)]"#)
            #expect(try await api.call("PUT", "/v1/schedules/nightly", new).status == 200)
            #expect(try await api.call("POST", "/v1/schedules/nightly/pause").status == 200)
            #expect(
                try await it.triggers(where: "cancel_requested and kind <> ${kind.scheduled}") == 0)
            // What the queue loses is sent again with the action that it was made with.
            let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            _ = try await connection.call([RedisCommand("FLUSHALL")])
            try it.start("trigger-worker")
            try await eventually("all four are delivered") {
                try await it.triggers(where: "state = ${state.delivered} and kind <> ${kind.scheduled}") == 4
            }
            #expect(try await it.keysSeen() == 4)
        }
    }

    @Test func `a delete ends what was fired and backfilled, too`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll(except: ["trigger-worker"])
            let document = schedule(it, "/ok", #""when":[\#(Cluster.hourly)]"#)
            #expect(try await api.call("PUT", "/v1/schedules/nightly", document).status == 201)
            for _ in 0..<3 { #expect(try await api.call("POST", "/v1/schedules/nightly/fire").status == 202) }
            #expect(try await api.call("DELETE", "/v1/schedules/nightly").status == 204)
            try await eventually("all are cancelled") {
                try await it.triggers(.cancelled, reason: .deleted) == 3
            }
        }
    }
}
