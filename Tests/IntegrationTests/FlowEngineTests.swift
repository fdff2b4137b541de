import Foundation
import Model
import Postgres
import Secrets
import Synchronization
import TestServers
import TestTarget
import Testing

/// Flows on real functions: what the reducer decides happens, and whatever comes from outside is applied once.
@Suite(.serialized) struct FlowEngineTests {
    private static let model: JSON = ["model": ["uri": "s3://model"]]

    @Test func `a flow calls, waits for a callback and calls again, and its history says so`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            try await rig.bind("model.train", to: "/callback/50ms", outputs: Self.model)
            try await rig.publish("three", rig.threeSteps())
            let id = try await rig.start("three", input: ["n": 7])
            let ended = try await rig.wait(for: "succeeded", id)
            #expect(ended["outputs"] == ["model": "s3://model"])
            #expect(
                try await rig.events(id) == [
                    "started", "stepBegan first", "stepSucceeded first", "stepBegan train", "stepAccepted train",
                    "stepSucceeded train", "stepBegan last", "stepSucceeded last", "succeeded",
                ])
            let (distinct, total) = try await it.callsSeen()
            #expect(distinct == 3 && total == 3)
            #expect(
                it.target.log.recent(after: 0).map(\.idempotencyKey).sorted()
                    == ["first", "last", "train"].map { "\(id)/\($0)/1" })
            let list = try await rig.api.call("GET", "/v1/executions?flow=three&state=succeeded").body
            #expect(list["items"]?.elements?.map { $0["id"]?.text } == [id])
        }
    }

    @Test func `the same id is the same execution, and another input or flow is a conflict`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            try await rig.bind("model.train", to: "/callback/1ms", outputs: Self.model)
            try await rig.publish("three", rig.threeSteps())
            let id = "0193a5f0-7c1e-7abc-8def-0123456789ab"
            #expect(try await rig.start("three", input: ["n": 7], id: id) == id)
            let again = try await rig.api.call(
                "POST", "/v1/flows/three/executions", #"{"id": "\#(id)", "input": {"n": 7}}"#)
            #expect(again.status == 200 && again.body["id"]?.text == id)
            let other = try await rig.api.call(
                "POST", "/v1/flows/three/executions", #"{"id": "\#(id)", "input": {"n": 8}}"#)
            #expect(other.status == 409)
            _ = try await rig.wait(for: "succeeded", id)
            #expect(try await it.callsSeen().total == 3)
        }
    }

    /// protocols.md, 10: the history knows what the engine has forgotten.
    @Test func `an id stays taken after its execution has left the engine`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            try await rig.bind("model.train", to: "/callback/1ms", outputs: Self.model)
            try await rig.publish("three", rig.threeSteps())
            let id = try await rig.start(
                "three", input: ["n": 7], id: "01a2228d-c497-7370-b998-734299659f80")
            _ = try await rig.wait(for: "succeeded", id)
            _ = try await rig.events(id)
            // As the monitor does 15 minutes after its end.
            for table in ["execution", "ended", "output"] {
                _ = try await it.admin.values(
                    StatementCall(Statement("delete from headgate.\(table) returning 1")), .int)
            }
            func start(_ n: Int, _ verb: String = "") async throws -> (status: Int, body: JSON) {
                let answer = try await rig.api.call(
                    "POST", "/v1/flows/three/executions\(verb)", #"{"id": "\#(id)", "input": {"n": \#(n)}}"#)
                return (answer.status, answer.body)
            }
            let again = try await start(7)
            #expect(again.status == 200 && again.body["state"]?.text == "succeeded", "\(again)")
            #expect(try await start(8).status == 409)
            let known = try await start(7, "/import")
            #expect(known.body["known"]?.int == 1 && known.body["started"]?.int == 0, "\(known)")
            let refused = try await start(8, "/import")
            #expect(refused.body["refused"]?.elements?.count == 1 && refused.body["started"]?.int == 0, "\(refused)")
            #expect(try await it.number("select count(*) from headgate.execution") == 0)
            #expect(try await it.callsSeen().total == 3, "nothing was called again")
            #expect(try await rig.execution(id)["input"] == nil, "its input has left with it")
            let explained = try await rig.api.call("GET", "/v1/executions/\(id)/explain")
            #expect(explained.body["why"]?.text == "it has ended: succeeded")
        }
    }

    @Test func `lists and explanations have what is quarantined, what waits for another run, and what is new`()
        async throws
    {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it, except: ["step-worker"])
            for name in ["trigger-worker", "historian"] { try it.start(name) }
            try await rig.publish("slow", ["steps": ["nap": ["type": "wait", "with": ["for": "1h"]]]])
            func listed(_ state: String) async throws -> [String] {
                let list = try await rig.api.call("GET", "/v1/executions?flow=slow&state=\(state)").body
                return (list["items"]?.elements ?? []).compactMap { $0["id"]?.text }
            }
            func explained(_ id: String) async throws -> JSON {
                try await rig.api.call("GET", "/v1/executions/\(id)/explain").body
            }
            let id = try await rig.start("slow")
            #expect(try await listed("new") == [id])
            #expect(try await explained(id)["why"]?.text?.contains("no step-worker") == true)
            try rig.run("step-worker")
            try await eventually("it runs") { try await listed("running") == [id] }
            #expect(try await listed("new") == [])
            // As a broken disk might leave it.
            let damage = "update headgate.execution set state = '\\xff' returning 1"
            _ = try await it.admin.values(StatementCall(Statement(damage)), .int)
            try await rig.control("pause", id)
            try await eventually("it is quarantined") { try await listed("quarantined") == [id] }
            #expect(try await listed("running") == [])
            let why = try await explained(id)
            #expect(why["why"]?.text?.contains("five times") == true, "\(why)")
            #expect(why["command"]?.text == "headgate execution resume \(id)")
            let events = try await rig.api.call("GET", "/v1/executions/\(id)/events").body["items"]?.elements ?? []
            #expect(events.last?["event"]?.text == "quarantined" && events.last?["detail"] != nil, "\(events)")
            let body = #"""
                {"action": {"flow": {"name": "slow"}}, "when": [{"every": "1s"}], "overlap": {"queue": 1}, "maxTriggers": 3}
                """#
            #expect(try await rig.api.call("PUT", "/v1/schedules/queues", body).status == 201)
            try await eventually("one waits") { try await listed("pending").count == 1 }
            let pending = try await listed("pending")[0]
            #expect(try await explained(pending)["why"]?.text?.contains("another run") == true)
            try await rig.control("cancel", pending)
            try await eventually("its wait is over") { try await listed("cancelled") == [pending] }
        }
    }

    @Test func `steps that fail are tried again within their budget, and a failure that is the user's is final`()
        async throws
    {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            func flow(_ path: String) -> JSON {
                [
                    "steps": [
                        "call": [
                            "type": "http", "with": ["url": .string("http://127.0.0.1:\(it.target.port)\(path)")],
                            "retry": ["initial": "50ms", "maxAttempts": 3],
                        ]
                    ]
                ]
            }
            for (name, path) in [("never", "/status/503"), ("wrong", "/status/404")] {
                try await rig.publish(name, flow(path))
            }
            let never = try await rig.wait(for: "failed", try await rig.start("never"))
            #expect(FlowRig.step("call", never)?["attempt"]?.int == 3)
            #expect(never["failure"]?["class"]?.text == "platform" && never["failedStep"]?.text == "call")
            let wrong = try await rig.wait(for: "failed", try await rig.start("wrong"))
            #expect(FlowRig.step("call", wrong)?["attempt"]?.int == 1 && wrong["failure"]?["class"]?.text == "user")
        }
    }

    @Test func `a callback is applied once: replayed it is ignored, forged or expired it is refused`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            // The target accepts, and never reports: the test does.
            try await rig.bind("model.train", to: "/status/202", [.init("startTimeout", "20s")], outputs: Self.model)
            try await rig.publish("three", rig.threeSteps())
            let id = try await rig.start("three", input: ["n": 1])
            try await rig.wait(for: "running", of: "train", id)
            let keys = try SecretKeys(Cluster.secretKeys)
            func token(attempt: Int = 1, step: Int = 1, expires: Duration = .seconds(60)) async throws -> String {
                CallbackToken(
                    tenant: "dev", execution: try #require(ExecutionID(id)), step: step, attempt: attempt,
                    expiresAt: try await it.registry.now() + expires
                ).signed(by: keys)
            }
            let done = #"{"status": "succeeded", "outputs": {"model": {"uri": "s3://model"}}}"#
            func report(_ token: String, _ body: String = done) async throws -> Int {
                try await rig.api.with(key: "none").call("POST", "/v1/callbacks/\(token)", body).status
            }
            let other = try SecretKeys("BBECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            let forged = CallbackToken(
                tenant: "dev", execution: try #require(ExecutionID(id)), step: 1, attempt: 1,
                expiresAt: try await it.registry.now() + .seconds(60)
            ).signed(by: other)
            #expect(try await report(forged) == 401)
            #expect(try await report(String(try await token().dropLast(2)) + "xx") == 401)
            #expect(try await report(try await token(expires: .seconds(-1))) == 401)
            #expect(try await report(try await token(), #"{"status": "finished"}"#) == 400, "says nothing of the work")
            // Of an attempt that there is not: recorded, and ignored.
            #expect(try await report(try await token(attempt: 2)) == 202)
            #expect(try await report(try await token(), #"{"status": "running"}"#) == 202)
            #expect(try await report(try await token()) == 202)
            _ = try await rig.wait(for: "succeeded", id)
            #expect(try await report(try await token()) == 200, "it has ended")
            let events = try await rig.events(id)
            #expect(events.filter { $0 == "stepSucceeded train" }.count == 1 && events.contains("ignored train"))
        }
    }

    @Test(arguments: [
        (#"{"status": "succeeded", "outputs": {}}"#, "/outputs: model, a Model, is missing"),
        (#"{"status": "succeeded", "outputs": {"model": "s3://x"}}"#, "/outputs/model: expected Model"),
        (
            #"{"status": "succeeded", "outputs": {"model": {"uri": "a\u0000b"}}}"#,
            "/outputs/model/uri: line 1, column 62: U+0000 cannot be stored"
        ),
        (#"{"status": "succeeded", "outputs": {"model": {"uri": "s3://"#, "the callback's body"),
        (String(repeating: "[", count: 10_000), "the callback's body"),
        (
            #"{"status": "succeeded", "outputs": {"model": {"uri": "s3://m"}, "x": ""#
                + String(repeating: "x", count: 70_000) + #""}}"#, "at most 65536 are allowed"
        ),
        (
            #"{"status": "failed", "error": {"class": "user", "message": ""# + String(repeating: "m", count: 3_000_000)
                + #""}}"#, "(3000000 bytes)"
        ),
    ])
    func `a result that cannot be used fails its step with place and size`(body: String, message: String) async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            try await rig.bind("model.train", to: "/status/202", outputs: Self.model)
            try await rig.publish("three", rig.threeSteps())
            let id = try await rig.start("three", input: ["n": 1])
            try await rig.wait(for: "running", of: "train", id)
            let token = CallbackToken(
                tenant: "dev", execution: try #require(ExecutionID(id)), step: 1, attempt: 1,
                expiresAt: try await it.registry.now() + .seconds(60)
            ).signed(by: try SecretKeys(Cluster.secretKeys))
            let answer = try await rig.api.call("POST", "/v1/callbacks/\(token)", body)
            #expect([202, 400].contains(answer.status), "\(answer)")
            let failed = try await rig.wait(for: "failed", id)
            #expect(failed["failure"]?["class"]?.text == "user")
            #expect(failed["failure"]?["message"]?.text?.contains(message) == true, "\(failed["failure"] ?? .null)")
        }
    }

    @Test func `cancel ends what runs, what waits and what has not been seen yet, and an ended execution refuses it`()
        async throws
    {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it, except: ["step-worker"])
            let cancel = JSON.Member("cancel", ["url": .string("http://127.0.0.1:\(it.target.port)/ok/cancel")])
            try await rig.bind("model.train", to: "/status/202", [cancel], outputs: Self.model)
            try await rig.publish("three", rig.threeSteps())
            try await rig.publish("sleeps", ["steps": ["nap": ["type": "wait", "with": ["for": "1h"]]]])
            let unseen = try await rig.start("three", input: ["n": 1])
            try await rig.control("cancel", unseen)
            try rig.run("step-worker")
            let first = try await rig.wait(for: "cancelled", unseen)
            #expect(first["steps"]?.elements?.allSatisfy { $0["state"]?.text == "notRun" } == true)
            let running = try await rig.start("three", input: ["n": 1])
            let sleeping = try await rig.start("sleeps")
            try await rig.wait(for: "running", of: "train", running)
            try await rig.wait(for: "sleeping", of: "nap", sleeping)
            try await rig.control("cancel", running)
            try await rig.control("cancel", sleeping)
            _ = try await rig.wait(for: "cancelled", running)
            _ = try await rig.wait(for: "cancelled", sleeping)
            #expect(it.target.log.recent(after: 0).contains { $0.path == "/ok/cancel" })
            try await rig.control("cancel", running, expecting: 409)
        }
    }

    @Test func `a paused execution records answers and calls nothing until it is resumed`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            try await rig.bind("model.train", to: "/callback/1s", outputs: Self.model)
            try await rig.publish("three", rig.threeSteps())
            let id = try await rig.start("three", input: ["n": 1])
            try await rig.wait(for: "running", of: "train", id)
            try await rig.control("pause", id)
            try await rig.wait(for: "succeeded", of: "train", id)
            let paused = try await rig.execution(id)
            #expect(paused["state"]?.text == "paused" && FlowRig.step("last", paused)?["state"]?.text == "ready")
            let why = try await rig.api.call("GET", "/v1/executions/\(id)/explain").body
            #expect(why["steps"]?.elements?.first?["command"]?.text == "headgate execution resume \(id)")
            try await Task.sleep(for: .seconds(1))
            #expect(try await it.callsSeen().total == 2)
            try await rig.control("resume", id)
            _ = try await rig.wait(for: "succeeded", id)
        }
    }

    @Test func `a failed execution runs again from a step on, and its attempts go on counting`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            try await rig.publish("three", rig.threeSteps())
            // Nothing performs model.train yet.
            let id = try await rig.start("three", input: ["n": 1])
            let failed = try await rig.wait(for: "failed", id)
            #expect(failed["failure"]?["message"]?.text?.contains("PUT /v1/bindings/model.train") == true)
            try await rig.bind("model.train", to: "/callback/1ms", outputs: Self.model)
            try await Task.sleep(for: .seconds(2))
            try await rig.control("retry", id)
            _ = try await rig.wait(for: "succeeded", id)
            #expect(try await it.callsSeen().total == 3, "the first step is not called again")
            let other = try await rig.start("three", input: ["n": 1])
            try await rig.control("cancel", other)
            _ = try await rig.wait(for: "cancelled", other)
            try await rig.control("retry", other, ["fromStep": "none"], expecting: 400)
            try await rig.control("retry", other, ["fromStep": "first"])
            _ = try await rig.wait(for: "succeeded", other)
        }
    }

    @Test func `a tenant that is erased leaves nothing of its flows, and no other tenant loses any`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            let flow = #"{"steps": {"nap": {"type": "wait", "with": {"for": "1ms"}}}}"#
            var ids: [String] = []
            for tenant in ["gone", "stays"] {
                #expect(try await rig.api.call("PUT", "/v1/flows/nap", flow, tenant: tenant).status == 201)
                let binding = #"{"request": {"url": "http://127.0.0.1:9/"}}"#
                #expect(
                    try await rig.api.call("PUT", "/v1/bindings/model.train", binding, tenant: tenant).status == 200)
                for _ in 0..<3 {
                    let answer = try await rig.api.call("POST", "/v1/flows/nap/executions", "{}", tenant: tenant)
                    ids.append(answer.body["id"]?.text ?? "")
                }
            }
            let ended = "select count(*) from headgate_history.ended_execution"
            try await eventually("the history has all") { try await it.number(ended) == 6 }
            let erased = try await rig.api.call("DELETE", "/v1/tenants/gone")
            #expect(erased.status == 200 && erased.body["executions"]?.int == 3, "\(erased)")
            for table in [
                "headgate.definition", "headgate.flow", "headgate.binding", "headgate.execution", "headgate.wake",
                "headgate.ended", "headgate_history.event", "headgate_history.ended_execution",
            ] {
                #expect(try await it.number("select count(*) from \(table) where tenant = 'gone'") == 0, "\(table)")
            }
            #expect(try await it.number(ended) == 3)
            #expect(try await it.number("select count(*) from headgate.execution where tenant = 'stays'") == 3)
        }
    }

    @Test func `a wait ends when its time has come, also one that no worker has seen begin`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            try await rig.publish(
                "nap", ["steps": ["nap": ["type": "wait", "with": ["for": "4s"]]]])
            let before = ContinuousClock.now
            let ids = try await (0..<20).asyncMap { _ in try await rig.start("nap") }
            for id in ids { _ = try await rig.wait(for: "succeeded", id) }
            #expect(ContinuousClock.now - before >= .seconds(4))
            #expect(try await it.number("select count(*) from headgate.wake") == 0)
        }
    }

    @Test func `a schedule starts its flow once an occurrence, and its overlap policy decides in between`() async throws
    {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            for name in ["trigger-worker", "historian"] { try it.start(name) }
            try await rig.publish(
                "slow", ["steps": ["nap": ["type": "wait", "with": ["for": "2500ms"]]]])
            for (name, overlap) in [("skips", #""skip""#), ("queues", #"{"queue": 1}"#), ("cancels", #""cancel""#)] {
                let body = #"""
                    {"action": {"flow": {"name": "slow"}}, "when": [{"every": "1s"}], "overlap": \#(overlap), "maxTriggers": 4}
                    """#
                #expect(try await rig.api.call("PUT", "/v1/schedules/\(name)", body).status == 201)
            }
            let unknown = #"{"action": {"flow": {"name": "none"}}, "when": [{"every": "1s"}], "maxTriggers": 1}"#
            #expect(try await rig.api.call("PUT", "/v1/schedules/unknown", unknown).status == 201)
            func states(_ schedule: String) async throws -> [String] {
                let list = try await rig.api.call("GET", "/v1/triggers?schedule=\(schedule)").body
                return (list["items"]?.elements ?? []).compactMap { $0["state"]?.text }.sorted()
            }
            try await eventually("all triggers are over", within: .seconds(40)) {
                for name in ["skips", "queues", "cancels"] {
                    let found = try await states(name)
                    if found.count < 4 || found.contains("queued") || found.contains("planned") { return false }
                }
                return try await states("unknown") == ["rejected"]
            }
            #expect(try await states("skips").contains("skipped"))
            #expect(try await states("cancels") == Array(repeating: "delivered", count: 4))
            try await eventually("all runs have ended", within: .seconds(40)) {
                try await it.count(of: .overlaps) == 0
            }
            let open =
                "select count(*) from headgate.execution where status not in (${execution.succeeded}, ${execution.cancelled})"
            #expect(try await it.number(open) == 0)
            let cancelled = "select count(*) from headgate.execution where status = ${execution.cancelled}"
            #expect(try await it.number(cancelled) >= 2, "each new run cancels the one before")
        }
    }
    @Test func `the history may be in a database of its own`() async throws {
        try await Cluster.with { it in
            let other = try await TestServer.postgres()
            try await Migrator(
                url: it.postgres.postgresURL(), password: TestServer.password, shards: Cluster.shards,
                history: other.postgresURL()
            ).run()
            it.historyServer.withLock { $0 = other }
            let rig = try await FlowRig.start(it)
            let url = JSON.string("http://127.0.0.1:\(it.target.port)/ok")
            try await rig.publish("one", ["steps": ["call": ["type": "http", "with": ["url": url]]]])
            let id = try await rig.start("one")
            #expect(try await rig.events(id).last == "succeeded")
            let list = try await rig.api.call("GET", "/v1/executions").body["items"]?.elements ?? []
            #expect(list.map { $0["id"]?.text } == [id])
            #expect(try await it.number("select count(*) from headgate_history.event") == 0)
            // Once it has left the engine it is shown from there.
            try await it.execute("update headgate.ended set forget_at = now()")
            try await eventually("it has left") { try await it.number("select count(*) from headgate.execution") == 0 }
            #expect(try await rig.execution(id)["state"]?.text == "succeeded")
            await other.end()
        }
    }

    @Test func `a flow that fails starts the flow that it names, whose own failure starts nothing`() async throws {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            func url(_ path: String) -> JSON { .string("http://127.0.0.1:\(it.target.port)\(path)") }
            let broken: JSON = ["call": ["type": "http", "with": ["url": url("/status/404")]]]
            let missing = try await rig.api.call(
                "PUT", "/v1/flows/main",
                JSON.object([.init("steps", broken), .init("onFailure", ["flow": "cleanup"])]).description)
            #expect(missing.status == 422 || missing.status == 400)
            #expect("\(missing.body)".contains("there is no flow cleanup; publish it first"))
            try await rig.publish(
                "cleanup",
                [
                    "inputs": [
                        "execution": "string", "step": ["type": "string", "optional": true], "error": "json",
                        "note": ["type": "string", "default": "by itself"],
                    ],
                    "steps": [
                        "tell": [
                            "type": "http",
                            "with": [
                                "url": url("/ok/cleanup"),
                                "body": ["of": "${inputs.execution}", "error": "${inputs.error}"],
                            ],
                        ]
                    ],
                    "outputs": [
                        "of": "${inputs.execution}", "step": "${inputs.step ?? null}", "error": "${inputs.error}",
                        "note": "${inputs.note}",
                    ],
                ])
            try await rig.publish("main", ["steps": broken, "onFailure": ["flow": "cleanup"]])
            let id = try await rig.start("main")
            _ = try await rig.wait(for: "failed", id)
            func executions(of flow: String) async throws -> [JSON] {
                try await rig.api.call("GET", "/v1/executions?flow=\(flow)").body["items"]?.elements ?? []
            }
            var found: [JSON] = []
            try await eventually("the other flow has ended") {
                found = try await executions(of: "cleanup")
                return found.first?["state"]?.text == "succeeded"
            }
            #expect(found.count == 1)
            let handler = try await rig.execution(try #require(found.first?["id"]?.text))
            #expect(handler["outputs"]?["of"]?.text == id && handler["outputs"]?["step"]?.text == "call")
            #expect(handler["outputs"]?["error"]?["class"]?.text == "user")
            #expect(handler["outputs"]?["note"]?.text == "by itself")
            #expect(try await rig.events(id).contains("failureReported"))
            // One that fails itself, and names another.
            try await rig.publish("twice", ["steps": broken, "onFailure": ["flow": "main"]])
            _ = try await rig.wait(for: "failed", try await rig.start("twice"))
            try await eventually("the second has failed") {
                try await executions(of: "main").count { $0["state"]?.text == "failed" } == 2
            }
            #expect(
                try await executions(of: "cleanup").count == 1, "a failure of what handles a failure starts nothing")
        }
    }

    /// protocols.md, 10: a start that is delivered says nothing of the run.
    @Test func `runs that fail count as failures of their schedule, and successes between them do not pause it`()
        async throws
    {
        try await Cluster.with { it in
            let rig = try await FlowRig.start(it)
            for name in ["trigger-worker", "historian"] { try it.start(name) }
            func publish(_ name: String, _ path: String) async throws {
                let url = JSON.string("http://127.0.0.1:\(it.target.port)\(path)")
                try await rig.publish(name, ["steps": ["call": ["type": "http", "with": ["url": url]]]])
            }
            try await publish("fails", "/status/404")
            try await publish("works", "/ok")
            func put(_ name: String, flow: String, _ more: String = "") async throws {
                let schedule =
                    #"{"action": {"flow": {"name": "\#(flow)"}}, "when": [\#(Cluster.hourly)], "pauseAfter": 2\#(more)}"#
                let answer = try await rig.api.call("PUT", "/v1/schedules/\(name)", schedule)
                #expect([200, 201].contains(answer.status), "\(answer.body)")
            }
            /// Starts a run, and waits until its end is counted.
            func fire(_ name: String) async throws {
                let ended = "select count(*) from headgate.ended"
                let before = try await it.number(ended)
                #expect(try await rig.api.call("POST", "/v1/schedules/\(name)/fire").status < 300)
                try await eventually("the run has ended") { try await it.number(ended) > before }
                try await eventually("its end is counted") {
                    try await it.number("select count(*) from headgate.run_end") == 0
                }
            }
            func shown(_ name: String) async throws -> JSON {
                try await rig.api.call("GET", "/v1/schedules/\(name)").body
            }
            try await put("mixed", flow: "fails")
            try await fire("mixed")
            let list = try await rig.api.call("GET", "/v1/executions?flow=fails").body["items"]?.elements ?? []
            let failed = try #require(list.first?["id"]?.text)
            try await rig.control("retry", failed)
            try await eventually("the retry has failed, too") {
                try await it.number("select count(*) from headgate.ended") == 2
            }
            #expect(try await it.number("select count(*) from headgate.run_end") == 0, "it was counted before")
            try await put("mixed", flow: "works")
            try await fire("mixed")
            try await put("mixed", flow: "fails")
            try await fire("mixed")
            #expect(try await shown("mixed")["state"]?.text == "active", "the success was in between")
            try await fire("mixed")
            try await eventually("it is paused") { try await shown("mixed")["state"]?.text == "paused" }
            let reason = try await shown("mixed")["pauseReason"]?.text ?? ""
            #expect(reason.hasPrefix("2 failures in a row, the last: the execution "))
            #expect(reason.hasSuffix("failed: call: user: status 404"))
            let call = "http://127.0.0.1:\(it.target.port)/ok/failed"
            try await put("calls", flow: "fails", #", "onFailure": {"http": {"url": "\#(call)"}}"#)
            try await fire("calls")
            try await eventually("the failure was reported") {
                try await it.number(
                    "select count(*) from headgate.trigger where kind = ${kind.onFailure} and state = ${state.delivered}"
                )
                    == 1
            }
        }
    }
}

extension Sequence {
    /// As `map`, one after the other.
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
