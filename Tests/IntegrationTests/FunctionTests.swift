import Foundation
import Model
import Postgres
import Queue
import Redis
import Synchronization
import TestServers
import TestTarget
import Testing

@Suite(.serialized) struct FunctionTests {
    @Test(arguments: ["loader", "trigger-worker", "historian", "monitor", "api"])
    func `a function without its settings names them all and exits with 64`(name: String) async throws {
        let process = Process()
        process.executableURL = Cluster.programs.appending(path: name)
        process.environment = [:]
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = await errors.text()
        await process.ended()
        #expect(process.terminationStatus == 64)
        #expect(text.contains("HEADGATE_REDIS is not set"))
        #expect(name == "trigger-worker" || text.contains("HEADGATE_POSTGRES is not set"))
    }

    @Test func `an API without its port says so and exits with 75, and with 64 where there is no such port`()
        async throws
    {
        try await Cluster.with { it in
            let taken = it.target.port
            for (port, status, text) in [
                (taken, 75, "cannot listen on 127.0.0.1:\(taken)"), (99_999, 64, "found 99999"),
            ] {
                let errors = Pipe()
                let api = try it.start("api", ["--port", "\(port)"], errors: errors, role: "headgate_api")
                try await eventually("it ends") { !api.isRunning }
                #expect(Int(api.terminationStatus) == status)
                let said = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
                #expect(said.contains(text), "\(said)")
            }
        }
    }

    @Test func `a worker that is asked to stop lets slow calls end, and asked twice gives them back`() async throws {
        try await Cluster.with { it in
            try it.startAll(except: ["trigger-worker"])
            let now = try await it.registry.now()
            try await it.register((0..<20).map { ("s\($0)", it.once("/slow/2s/x", after: .seconds(1), at: now)) })
            let first = try it.start("trigger-worker")
            try await eventually("calls are under way") { try await it.keysSeen() == 20 }
            first.terminate()
            try await eventually("it drains") { !first.isRunning }
            #expect(first.terminationStatus == 0)
            try await it.settled(20)
            #expect(try await it.triggers(.delivered, attempts: 1) == 20)

            let later = try await it.registry.now()
            try await it.register((0..<5).map { ("u\($0)", it.once("/slow/60s/x", after: .seconds(1), at: later)) })
            let second = try it.start("trigger-worker")
            try await eventually("calls are under way") { try await it.keysSeen() == 25 }
            let queue = RedisQueue(
                name: .triggers, configuration: .init(shards: 2), url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            second.terminate()
            second.terminate()
            kill(second.processIdentifier, SIGTERM)
            try await eventually("it lets go") {
                if second.isRunning { kill(second.processIdentifier, SIGTERM) }; return !second.isRunning
            }
            let statistics = try await queue.statistics()
            #expect(statistics.ready == 5 && statistics.inFlight == 0)
        }
    }

    @Test func `20,000 queued messages of one tenant do not delay another's`() async throws {
        try await Cluster.with { it in
            let queue = RedisQueue(
                name: .triggers, configuration: .init(shards: 2), url: try RedisURL(it.redis.withLock { $0 }.redisURL),
                outcomes: .outcomes)
            let now = try await it.registry.now()
            func message(_ index: Int, _ tenant: TenantID) -> OutgoingMessage {
                let key = TriggerKey(
                    schedule: ScheduleID(high: UInt64(index), low: tenant == "quiet" ? 1 : 2), kind: .scheduled,
                    revision: 1,
                    occurrence: now)
                let action = HTTPAction(
                    method: "POST", url: "http://127.0.0.1:\(it.target.port)/slow/20ms/\(tenant)", headers: [],
                    body: nil,
                    timeout: .seconds(5))
                let trigger = TriggerMessage(
                    id: key.id(), kind: .scheduled, redrive: 0, occurrence: now, plannedAt: now,
                    deadline: now + .seconds(600),
                    tenant: tenant, schedule: "s", action: ActionRecord(action: .http(action), retry: .init()).encoded)
                return OutgoingMessage(id: MessageID(trigger.id), tenant: trigger.fairnessKey, body: trigger.encoded)
            }
            for start in stride(from: 0, to: 20_000, by: 1_000) {
                _ = try await queue.send((start..<start + 1_000).map { message($0, "noisy") })
            }
            _ = try await queue.send((0..<20).map { message($0, "quiet") })
            try it.start("trigger-worker", ["--concurrency", "16", "--batch", "16"])
            try await eventually("the quiet tenant is served") {
                try await queue.statistics().tenants["quiet"] == nil
            }
            let left = try await queue.statistics().tenants["noisy"] ?? 0
            #expect(left > 15_000, "the quiet tenant waited for \(20_000 - left) messages of the noisy one")
        }
    }

    @Test func `a worker without room for more hears that it is asked to stop`() async throws {
        try await Cluster.with { it in
            try it.startAll(except: ["trigger-worker"])
            let now = try await it.registry.now()
            try await it.register((0..<8).map { ("s\($0)", it.once("/slow/60s/x", after: .seconds(1), at: now)) })
            let worker = try it.start("trigger-worker", ["--concurrency", "4", "--batch", "4"])
            try await eventually("it is full") { try await it.keysSeen() == 4 }
            worker.terminate()
            try await eventually("asked twice it lets go") {
                if worker.isRunning { kill(worker.processIdentifier, SIGTERM) }
                return !worker.isRunning
            }
        }
    }

    @Test func `a worker with a slow call is not idle, and one without ends`() async throws {
        try await Cluster.with { it in
            try it.startAll(except: ["trigger-worker"])
            let now = try await it.registry.now()
            try await it.register([("slow", it.once("/slow/4s/x", after: .seconds(1), at: now))])
            let worker = try it.start("trigger-worker", ["--idle", "2s"])
            try await it.settled(1)
            #expect(try await it.triggers(.delivered, attempts: 1) == 1)
            try await eventually("idle, it ends") { !worker.isRunning }
            #expect(worker.terminationStatus == 0)
        }
    }

    @Test func `a worker with a slow call goes on with what comes meanwhile`() async throws {
        try await Cluster.with { it in
            try it.startAll(except: ["trigger-worker"])
            let now = try await it.registry.now()
            try await it.register([
                ("slow", it.once("/slow/8s/x", after: .seconds(1), at: now)),
                ("later", it.once("/ok", after: .seconds(6), at: now)),
            ])
            try it.start("trigger-worker", ["--idle", "2s"])
            try await eventually("the later one is delivered", within: .seconds(20)) {
                try await it.triggers(.delivered, named: "later") == 1
            }
            try await it.settled(2)
        }
    }

    @Test func `a dead host costs a few attempts, and a slow one takes no place from others`() async throws {
        try await Cluster.with { it in
            try it.startAll(except: ["trigger-worker"])
            let now = try await it.registry.now()
            let closed = "http://127.0.0.1:\(freePort())/x"
            func to(_ url: String) -> JSON {
                [
                    "action": ["http": ["url": .string(url)]], "when": [["at": .time(now + .seconds(1))]],
                    "retry": ["initial": "50ms", "maxAttempts": 60],
                ]
            }
            let slow = "http://localhost:\(it.target.port)/slow/20s/x"
            try await it.register(
                (0..<100).map { ("dead\($0)", to(closed)) } + (0..<60).map { ("slow\($0)", to(slow)) })
            try it.start("trigger-worker", ["--concurrency", "32", "--batch", "16", "--per-host", "20"])
            try await eventually("the slow ones have all the places they may have") { try await it.keysSeen() >= 20 }
            let later = try await it.registry.now()
            try await it.register((0..<100).map { ("quick\($0)", it.once("/ok", after: .seconds(1), at: later)) })
            try await eventually("the others are not held up", within: .seconds(12)) {
                try await it.triggers(where: "name like 'quick%' and state = ${state.delivered}") == 100
            }
            let calls = try await it.number("select sum(attempts)::int8 from headgate.trigger where name like 'dead%'")
            #expect(calls < 150, "\(calls) calls to a host that never answered")
        }
    }

    @Test func `an open breaker is told`() async throws {
        try await Cluster.with { it in
            let metrics = FileManager.default.temporaryDirectory.appending(path: "headgate-\(UUID()).prom").path()
            defer { try? FileManager.default.removeItem(atPath: metrics) }
            try it.startAll(except: ["trigger-worker"])
            try it.start("trigger-worker", metrics: metrics)
            let now = try await it.registry.now()
            let closed: JSON = ["http": ["url": .string("http://127.0.0.1:\(freePort())/x")]]
            try await it.register(
                (0..<20).map { ("dead\($0)", ["action": closed, "when": [["at": .time(now + .seconds(1))]]]) })
            try await eventually("it is in the metrics", within: .seconds(25)) {
                (try? String(contentsOfFile: metrics, encoding: .utf8))?.contains("headgate_breakers_open 1") == true
            }
        }
    }
}
