import Foundation
import FunctionRuntime
import Model
import Postgres
import TestServers
import TestTarget
import Testing

/// Failure calls (`onFailure`).
@Suite(.serialized) struct FailureCallTests {
    private static func failing(_ port: Int, own: String = "", when: String = Cluster.hourly) -> String {
        #"{"action":{"http":{"url":"http://127.0.0.1:\#(port)/status/404/x"}},"when":[\#(when)]\#(own)}"#
    }
    private static func call(_ port: Int, _ path: String) -> String {
        #","onFailure":{"http":{"url":"http://127.0.0.1:\#(port)\#(path)"}}"#
    }

    @Test func `a failure is reported at most once a minute, with what failed`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let body = Self.failing(it.target.port, own: Self.call(it.target.port, "/echo"))
            let made = try await api.call("PUT", "/v1/schedules/a", body)
            #expect(made.body["onFailure"]?["http"]?["url"]?.text?.hasSuffix("/echo") == true)
            let fired = try await api.call("POST", "/v1/schedules/a/fire")
            try await eventually("the failure call is delivered") {
                try await it.triggers(.delivered, kind: .onFailure) == 1
            }
            for _ in 0..<3 { _ = try await api.call("POST", "/v1/schedules/a/fire") }
            try await it.settled(5)
            #expect(try await it.triggers(kind: .onFailure) == 1)
            let list = try await api.call("GET", "/v1/triggers?limit=10")
            let notice = try #require(list.body["items"]?.elements?.first { $0["kind"]?.text == "onFailure" })
            #expect(notice["schedule"]?.text == "a")
            let text = try #require(notice["attempts"]?.elements?[0]["response"]?.text)
            let sent = try JSON(parsing: Array((try JSON(parsing: Array(text.utf8))["body"]?.text ?? "").utf8))
            #expect(sent["trigger"] == fired.body["id"] && sent["state"]?.text == "rejected")
            #expect(sent["schedule"]?.text == "a" && sent["reason"]?.text == "status 404" && sent["attempts"]?.int == 1)
            // A minute later the next failure is reported.
            try await it.execute("update headgate.failure_watch set notified_at = notified_at - interval '61 seconds'")
            _ = try await api.call("POST", "/v1/schedules/a/fire")
            try await eventually("the failure call is delivered again") {
                try await it.triggers(.delivered, kind: .onFailure) == 2
            }
        }
    }

    @Test func `a tenant's onFailure reports failures of schedules without their own, and never its own`() async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            let failing = "/status/410/tell"
            _ = try await api.call("PUT", "/v1/tenants/dev", "{" + Self.call(it.target.port, failing).dropFirst() + "}")
            _ = try await api.call("PUT", "/v1/schedules/a", Self.failing(it.target.port))
            _ = try await api.call(
                "PUT", "/v1/schedules/own", Self.failing(it.target.port, own: Self.call(it.target.port, "/ok")))
            _ = try await api.call("POST", "/v1/schedules/own/fire")
            try await eventually("its own call is made") { try await it.triggers(.delivered, kind: .onFailure) == 1 }
            #expect(try await it.triggers(kind: .onFailure) == 1)
            _ = try await api.call("POST", "/v1/schedules/a/fire")
            try await eventually("the tenant's call is made, and fails") {
                try await it.triggers(.rejected, kind: .onFailure, named: "a") == 1
            }
            try await it.execute("update headgate.tenant set notified_at = notified_at - interval '61 seconds'")
            _ = try await api.call("POST", "/v1/schedules/own/fire")
            try await it.settled(5)
            #expect(try await it.triggers(kind: .onFailure) == 2)
        }
    }

    @Test(arguments: ["historian.after-record", "historian.after-confirm"])
    func `a failure is reported although the historian dies`(failpoint: String) async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll(except: ["historian"])
            let dying = try it.start("historian", failpoint: failpoint)
            _ = try await api.call(
                "PUT", "/v1/schedules/a", Self.failing(it.target.port, own: Self.call(it.target.port, "/ok")))
            _ = try await api.call("POST", "/v1/schedules/a/fire")
            try await eventually("the historian dies") { !dying.isRunning }
            try it.start("historian")
            // The monitor looks at what is a minute late; here it looks at once.
            try await it.makeOverdue(where: "kind = ${kind.onFailure}")
            try await eventually("the failure call is delivered", within: .seconds(30)) {
                try await it.triggers(.delivered, kind: .onFailure) == 1
            }
            #expect(try await it.triggers(kind: .onFailure) == 1)
        }
    }

    /// Occurrences whose deadline passed during an outage: their target is never called, and the loader records them as
    /// expired.
    @Test func `occurrences that lapsed in an outage are reported by the schedule's call and by the tenant's`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let call = Self.call(it.target.port, "/echo")
            _ = try await api.call("PUT", "/v1/tenants/dev", "{" + call.dropFirst() + "}")
            _ = try await api.call("PUT", "/v1/schedules/a", Self.failing(it.target.port, own: call))
            for name in ["b", "c"] {
                _ = try await api.call("PUT", "/v1/schedules/\(name)", Self.failing(it.target.port))
            }
            try await it.missHours(9)
            try it.startAll()
            let lapsed =
                "select count(distinct name) from headgate.trigger where kind = ${kind.scheduled} and state = ${state.expired}"
            try await eventually("all are recorded") { try await it.number(lapsed) == 3 }
            try await eventually("both failure calls are delivered") {
                try await it.triggers(.delivered, kind: .onFailure) == 2
            }
            #expect(try await it.triggers(kind: .onFailure) == 2)
            let list = try await api.call("GET", "/v1/triggers?limit=100")
            let notice = try #require(
                list.body["items"]?.elements?.first {
                    $0["kind"]?.text == "onFailure" && $0["schedule"]?.text == "a"
                })
            let text = try #require(notice["attempts"]?.elements?[0]["response"]?.text)
            let sent = try JSON(parsing: Array((try JSON(parsing: Array(text.utf8))["body"]?.text ?? "").utf8))
            #expect(sent["schedule"]?.text == "a" && sent["state"]?.text == "expired" && sent["attempts"]?.int == 0)
            #expect((sent["count"]?.int ?? 0) >= 8 && sent["lastOccurrence"]?.text != nil)
        }
    }

    @Test(arguments: [Failpoint.loaderAfterClaim, .loaderAfterSend, .loaderBeforeConfirm])
    func `a loader that dies after it has recorded what lapsed leaves the failure call to the next one`(
        failpoint: Failpoint
    ) async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let call = Self.call(it.target.port, "/ok")
            _ = try await api.call("PUT", "/v1/schedules/a", Self.failing(it.target.port, own: call))
            try await it.missHours(9)
            try await it.startDying("loader", at: failpoint.name)
            try it.startAll(except: ["loader"])
            try await eventually("the failure call is delivered") {
                try await it.triggers(.delivered, kind: .onFailure) == 1
            }
            #expect(try await it.triggers(kind: .onFailure) == 1)
            #expect(try await it.count(of: .owedCalls) == 0)
        }
    }

    @Test func `triggers that expired while the queue was full are reported`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            let call: JSON = ["http": ["url": .string("http://127.0.0.1:\(it.target.port)/ok")]]
            try await it.register(
                (0..<400).map { index in
                    (
                        "s\(index)",
                        [
                            "action": call, "when": [["at": .time(now + .seconds(1))]], "onFailure": call,
                        ]
                    )
                })
            try it.startAll(except: ["loader", "trigger-worker"])
            try it.start("loader", ["--queue-limit", "20"])
            try await eventually("all schedules have triggers") {
                try await it.triggers(.planned, .queued) == 400
            }
            try await it.passDeadlines()
            try await eventually("those that did not fit into the queue expire") { try await it.triggers(.expired) > 0 }
            try await eventually("none is planned any more") { try await it.triggers(.planned) == 0 }
            try await eventually("each is reported") {
                try await it.triggers(kind: .onFailure) == it.triggers(.expired)
            }
        }
    }

    @Test func `occurrences that lapsed during a pause are not reported`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let call = Self.call(it.target.port, "/echo")
            // Half an hour ago, of which a quarter would have been useful.
            let minute = (try await it.registry.now().seconds / 60 + 30) % 60
            let hourly = Self.failing(it.target.port, own: call, when: #"{"cron":"\#(minute) * * * *"}"#)
            _ = try await api.call("PUT", "/v1/schedules/a", hourly)
            _ = try await api.call("POST", "/v1/schedules/a/pause")
            try await it.execute("update headgate.schedule set resume_at = resume_at - interval '9 hours'")
            _ = try await api.call("POST", "/v1/schedules/a/resume")
            try it.startAll()
            try await eventually("it is recorded") { try await it.triggers(.expired, kind: .scheduled) == 1 }
            // Wait for another pass: a failure call would have been made by then.
            let pass = try await it.number("select max(pass) from headgate.shard")
            _ = try await api.call("PUT", "/v1/schedules/b", Self.failing(it.target.port, when: #"{"every":"1s"}"#))
            try await eventually("passes go on") { try await it.number("select max(pass) from headgate.shard") > pass }
            #expect(try await it.triggers(kind: .onFailure) == 0)
        }
    }
}
