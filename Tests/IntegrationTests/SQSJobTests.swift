import Curl
import Foundation
import FunctionRuntime
import HTTP
import Model
import Postgres
import Queue
import SQSClient
import Synchronization
import TestServers
import TestTarget
import Testing

/// Headgate's functions as processes, with the queues of triggers and outcomes in SQS.
///
/// The short form has one function for each kind of place, the long one (`HEADGATE_TEST_FAULTS=all`, `make test-faults`, and
/// `make test-soak` for what takes minutes) all.
@Suite(.serialized) struct SQSJobTests {
    /// A failpoint, and the function that passes it.
    struct Place: CustomTestStringConvertible, Sendable {
        var function: String
        var failpoint: String
        var testDescription: String { "\(function) at \(failpoint)" }

        static let all =
            Failpoint.all.map { Place(function: String($0.name.prefix { $0 != "." }), failpoint: $0.name) }
            + Failpoint.ofSQS.map { Place(function: "trigger-worker", failpoint: $0.name) }
            + [Place(function: "historian", failpoint: Failpoint.sqsAfterDelete.name)]
        /// Where a settlement is between its steps.
        static let settling = all.filter { $0.failpoint.hasPrefix("sqs.") }
        static let isLong = ProcessInfo.processInfo.environment["HEADGATE_TEST_FAULTS"] == "all"
        /// Those of this run.
        static let tried =
            isLong
            ? all
            : all.filter {
                [Failpoint.loaderAfterClaim, .workerBeforeSettle, .historianAfterRecord].map(\.name)
                    .contains($0.failpoint)
            } + settling
        /// Those of this run that something fails at, and what.
        static let disrupted: [(Place, Disruption)] = {
            let all = settling.flatMap { place in Disruption.allCases.map { (place, $0) } }
            return isLong ? all : [all[0], all[4], all[11]]
        }()

        /// A worker that dies with answers, or with messages that are not deleted, makes calls twice. So does a pass that is
        /// sent again because nobody knows that it was sent: SQS knows no ids.
        var mayRepeat: Bool {
            function == "trigger-worker" || failpoint == Failpoint.loaderAfterSend.name
                || failpoint == Failpoint.loaderBeforeConfirm.name
        }
    }

    /// What fails meanwhile.
    enum Disruption: String, CaseIterable, CustomTestStringConvertible {
        case sqsIsKilled, redisIsKilled, postgresCrashes
        var testDescription: String { rawValue }
    }

    /// All are delivered, some by a second attempt, and no attempt is missing from the record.
    ///
    /// A worker that dies after the outcome and before the successor makes an attempt again under its number: the later
    /// result is appended (protocols.md, 6). Outcomes may come in another order than the attempts.
    private func checkDelivered(_ it: Cluster, _ count: Int) async throws {
        #expect(try await it.triggers() == count)
        #expect(try await it.triggers(.delivered) == count)
        try await eventually("every attempt is recorded") {
            try await it.triggers(where: "\(Cluster.recordedAttempts) < attempts") == 0
        }
        #expect(try await it.triggers(where: "\(Cluster.recordedAttempts) > attempts + 1") == 0)
        #expect(try await it.keysSeen() == count)
    }

    @Test(arguments: Place.tried)
    func `a function killed at any step between claim and record loses nothing in SQS`(place: Place) async throws {
        try await Cluster.with { it in
            try await it.startSQS()
            _ = try await APIClient.start(it)
            try it.startAll(except: [place.function])
            let now = try await it.registry.now()
            // Only a settlement that is repeated has successors.
            let path = place.failpoint == Failpoint.sqsAfterSuccessor.name ? "/once/503" : "/ok"
            try await it.register((0..<200).map { ("s\($0)", it.once(path, after: .seconds(1), at: now)) })
            try await it.startDying(place.function, at: place.failpoint)
            try await it.settled(200)
            if path == "/ok" {
                try await it.checkDelivered(200, mayRepeat: place.mayRepeat)
            } else {
                try await checkDelivered(it, 200)
            }
        }
    }

    @Test(arguments: Place.disrupted)
    func `a settlement that ends between its steps while a server fails loses nothing`(
        place: Place, disruption: Disruption
    ) async throws {
        try await Cluster.with(redis: ["--restart"]) { it in
            let sqs = try await it.startSQS()
            _ = try await APIClient.start(it)
            try it.startAll(except: [place.function])
            let dying = try it.start(place.function, failpoint: place.failpoint)
            let now = try await it.registry.now()
            try await it.register(
                (0..<200).map { ("s\($0)", it.once("/once/503", after: .milliseconds(Int64($0) * 10), at: now)) })
            try await eventually("\(place.function) dies at \(place.failpoint)") { !dying.isRunning }
            switch disruption {
            case .sqsIsKilled:
                kill(sqs.processIdentifier, SIGKILL)
                await sqs.ended()
                try await it.startSQS()
            case .redisIsKilled: try await it.killRedis()
            case .postgresCrashes: try await it.crashPostgres()
            }
            try it.start(place.function)
            try await it.settled(200, within: .seconds(120))
            try await checkDelivered(it, 200)
        }
    }

    /// SQS gives nothing more of a queue that has 120,000 messages in flight.
    @Test func `triggers of a dead host in backoff, 130,000 in the long form, do not stop another tenant`() async throws
    {
        let (rounds, size, tasks) = (Place.isLong ? 13 : 1, 10_000, 10)
        try await Cluster.with { it in
            try await it.startSQS()
            let port = try #require(it.sqsPort.withLock { $0 })
            let caller = SQSCaller(.init(endpoint: "http://127.0.0.1:\(port)"), http: HTTPClient())
            let host = SQSQueue.Host(clock: { Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000)) })
            let queue = SQSQueue(name: .triggers, caller: caller, outcomes: .outcomes, host: host)
            func message(_ id: String, _ tenant: String) -> OutgoingMessage {
                OutgoingMessage(id: MessageID(id), tenant: tenant, body: Array("b".utf8))
            }
            for round in 0..<rounds {
                let messages = (0..<size).map { message("\(round)-\($0)", "noisy") }
                _ = try await queue.send(messages)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<tasks {
                        group.addTask {
                            while true {
                                let received = try await queue.receive(
                                    upTo: 200, visibility: .seconds(60), wait: .milliseconds(1))
                                if received.isEmpty { break }
                                _ = try await queue.settle(
                                    received.map { Settlement($0.receipt, .retry(after: .seconds(800))) })
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let statistics = try await queue.statistics()
            #expect(statistics.delayed == rounds * size && statistics.ready == 0)
            #expect(statistics.inFlight == 0, "what waits is not in flight")
            // A worker finds the quiet tenant's trigger.
            _ = try await APIClient.start(it)
            try it.startAll()
            let now = try await it.registry.now()
            try await it.register([("quiet", it.once("/ok", after: .milliseconds(500), at: now))])
            try await it.settled(1)
            try await it.checkDelivered(1, mayRepeat: false)
        }
    }

    /// SQS knows no ids: what is sent again while it has it would be called twice.
    @Test func `the monitor sends nothing again that SQS has, and in the long form what an emptied queue has lost`()
        async throws
    {
        try await Cluster.with { it in
            try await it.startSQS()
            _ = try await APIClient.start(it)
            try it.startAll(except: ["trigger-worker"])
            let now = try await it.registry.now()
            try await it.register((0..<20).map { ("s\($0)", it.once("/ok", after: .milliseconds(500), at: now)) })
            try await eventually("all are queued") { try await it.triggers(.queued) == 20 }
            try await it.execute(
                """
                insert into headgate.overdue (day, id, check_at)
                select day, id, now() from headgate.trigger where state = ${state.queued} on conflict do nothing
                """)
            try await eventually("the monitor has looked") {
                try await it.number("select count(*) from headgate.overdue where check_at > now()") == 20
            }
            let port = try #require(it.sqsPort.withLock { $0 })
            let queue = SQSQueue(
                name: .triggers, caller: SQSCaller(.init(endpoint: "http://127.0.0.1:\(port)"), http: HTTPClient()),
                host: SQSQueue.Host(clock: { Timestamp(seconds: Int64(Date.now.timeIntervalSince1970)) }))
            let statistics = try await queue.statistics()
            #expect(statistics.ready + statistics.delayed == 20, "each is there once")
            // Emptied, as by a mistake at a console. What is past its deadline is sent all the same, since it ends without a
            // call.
            #expect(try await queue.purge() == 20)
            try await it.execute(
                """
                update headgate.trigger set deadline = now() - interval '2 minutes' where name in ('s0', 's1', 's2', 's3', 's4');
                update headgate.overdue set check_at = now()
                """)
            try it.start("trigger-worker")
            try await eventually("these expire") { try await it.triggers(.expired) == 5 }
            #expect(try await it.callsSeen().total == 0)
            #expect(try await it.triggers(.queued) == 15)
            guard Place.isLong else { return }
            // Three looks, each a minute after the one before, and it is empty.
            try await it.settled(20, within: .seconds(300))
            #expect(try await it.triggers(.delivered) == 15)
            #expect(try await it.callsSeen().total == 15)
        }
    }

    // MARK: Cancels

    private static func body(_ it: Cluster, _ path: String, at time: Timestamp) -> String {
        JSON.object([
            .init("when", [["every": "1h", "anchor": .time(time)]]), .init("margin", "1s"),
            .init("action", ["http": ["url": .string("http://127.0.0.1:\(it.target.port)\(path)")]]),
            .init("retry", ["initial": "50ms"]),
        ]).description
    }

    @Test func `triggers that are cancelled, superseded or paused in SQS are not called`() async throws {
        try await Cluster.with { it in
            try await it.startSQS()
            let api = try await APIClient.start(it)
            try it.startAll(except: ["trigger-worker"])
            let now = try await it.registry.now()
            for name in ["cancelled", "paused", "changed", "kept"] {
                let answer = try await api.call(
                    "PUT", "/v1/schedules/\(name)", Self.body(it, "/ok/\(name)", at: now + .seconds(2)))
                #expect(answer.status == 201, "\(answer.body)")
            }
            try await eventually("all are queued") { try await it.triggers(.queued) == 4 }
            let list = try await api.call("GET", "/v1/triggers?schedule=cancelled").body
            let id = try #require(list["items"]?.elements?.first?["id"]?.text, "\(list)")
            let cancel = try await api.call("POST", "/v1/triggers/\(id)/cancel")
            #expect(cancel.status == 200 && cancel.body["cancelRequested"]?.flag == true, "\(cancel.body)")
            #expect(cancel.body["state"]?.text == "queued", "SQS gives nothing back: the worker asks")
            #expect(try await api.call("POST", "/v1/schedules/paused/pause").status == 200)
            #expect(
                try await api.call(
                    "PUT", "/v1/schedules/changed", Self.body(it, "/ok/new", at: now + .seconds(2))
                ).status == 200)
            try it.start("trigger-worker")
            try await eventually("the kept one and the changed one are delivered") {
                try await it.triggers(.delivered) == 2
            }
            try await eventually("the others are cancelled") { try await it.triggers(.cancelled) == 3 }
            #expect(try await it.triggers(.cancelled, reason: .cancelled) == 1)
            #expect(try await it.triggers(.cancelled, reason: .paused) == 1)
            #expect(try await it.triggers(.cancelled, reason: .superseded) == 1)
            let paths = try await it.pathsSeen()
            #expect(paths == ["/ok/kept", "/ok/new"])
        }
    }

    @Test func `a trigger whose worker died after the call is cancelled as one that may have been called`() async throws
    {
        try await Cluster.with { it in
            try await it.startSQS()
            let api = try await APIClient.start(it)
            try it.startAll(except: ["trigger-worker"])
            let dying = try it.start("trigger-worker", failpoint: Failpoint.workerBeforeSettle.name)
            let now = try await it.registry.now()
            #expect(
                try await api.call("PUT", "/v1/schedules/s", Self.body(it, "/ok", at: now + .seconds(1))).status == 201)
            try await eventually("the worker dies") { !dying.isRunning }
            let list = try await api.call("GET", "/v1/triggers?schedule=s").body
            let id = try #require(list["items"]?.elements?.first?["id"]?.text)
            #expect(try await api.call("POST", "/v1/triggers/\(id)/cancel").status == 200)
            try it.start("trigger-worker")
            try await it.settled(1)
            #expect(try await it.triggers(where: "state = ${state.cancelled} and reason like '% after a call'") == 1)
            #expect(try await it.callsSeen().total == 1)
        }
    }

    @Test func `without the API calls wait, and are made once it is back`() async throws {
        try await Cluster.with { it in
            try await it.startSQS()
            // Nobody listens.
            it.apiPort.withLock { $0 = freePort() }
            try it.startAll()
            let now = try await it.registry.now()
            try await it.register([("s", it.once("/ok", after: .milliseconds(500), at: now))])
            try await eventually("it is queued") { try await it.triggers(.queued) == 1 }
            try await Task.sleep(for: .seconds(3))
            #expect(try await it.callsSeen().total == 0)
            _ = try await APIClient.start(it, port: it.apiPort.withLock { $0 })
            try await it.settled(1)
            try await it.checkDelivered(1, mayRepeat: false)
        }
    }

    @Test func `without the API a trigger whose deadline is near is called unasked`() async throws {
        try await Cluster.with { it in
            try await it.startSQS()
            it.apiPort.withLock { $0 = freePort() }
            try it.startAll(except: ["trigger-worker"])
            // By its clock the deadline, a minute after the time, is some seconds away.
            try it.start("trigger-worker", clockShift: "45s")
            let now = try await it.registry.now()
            let document = it.once("/ok", after: .milliseconds(500), at: now)
            try await it.register([
                ("s", .object((document.members ?? []) + [.init("margin", "1s")]))
            ])
            try await it.settled(1, within: .seconds(30))
            #expect(try await it.records(except: .delivered, attempts: 1) == [])
        }
    }

    @Test func `what workers hold is judged by the key of functions, and only what is over is over`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let engine = api.with(key: "between functions")
            func judge(_ body: JSON) async throws -> (status: Int, body: JSON) {
                try await engine.call("POST", "/engine/held", body.description)
            }
            let now = try await it.registry.now()
            for name in ["open", "cancelled"] {
                #expect(
                    try await api.call("PUT", "/v1/schedules/\(name)", Self.body(it, "/ok", at: now + .seconds(4)))
                        .status
                        == 201)
            }
            try it.start("loader")
            try await eventually("both are queued") { try await it.triggers(.queued) == 2 }
            func id(_ name: String) async throws -> JSON {
                try #require(
                    try await api.call("GET", "/v1/triggers?schedule=\(name)").body["items"]?.elements?.first?["id"])
            }
            let (open, cancelled) = (try await id("open"), try await id("cancelled"))
            // In Redis the cancel is done at once; here only its request is to be there.
            try await it.execute("update headgate.trigger set cancel_requested = true where name = 'cancelled'")
            func held(_ id: JSON, redrive: Int = 0, mayBeCalled: Bool = false) -> JSON {
                ["id": id, "redrive": .integer(redrive), "mayBeCalled": .bool(mayBeCalled)]
            }
            let unknown = JSON.string("\(TriggerID(high: open.text.flatMap { TriggerID($0) }!.value.high, low: 1))")
            let all: JSON = ["triggers": [held(open), held(cancelled, mayBeCalled: true), held(unknown)]]
            for _ in 0..<2 {
                let answer = try await judge(all)
                #expect(answer.status == 200 && answer.body["over"] == [false, true, true], "\(answer)")
            }
            #expect(try await it.triggers(.cancelled, reason: nil) == 1)
            #expect(try await it.triggers(where: "reason like '% after a call'") == 1, "the worker said so")
            try await it.execute("update headgate.trigger set redrive = 1 where name = 'open'")
            #expect(
                try await judge(["triggers": [held(open)]]).body["over"] == [true], "a message of before the redrive")
            #expect(try await judge(["triggers": [held(open, redrive: 1)]]).body["over"] == [false])
            #expect(try await judge(["triggers": []]).body["over"] == [])
            let wrong: [JSON] = [
                held("no id"), held(open, redrive: -1), held(open, redrive: 40_000), ["id": open, "redrive": 0], 5,
            ]
            for element in wrong { #expect(try await judge(["triggers": [element]]).status == 400, "\(element)") }
            let many = JSON.array(Array(repeating: held(open), count: 1_001))
            #expect(try await judge(["triggers": many]).status == 400)
            #expect(try await engine.call("POST", "/engine/held", "{").status == 400)
            #expect(try await api.call("POST", "/engine/held", all.description).status == 401, "an admin's key")
        }
    }
}
