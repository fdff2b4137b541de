import Curl
import Foundation
import HTTP
import Model
import Postgres
import Queue
import Redis
import Sending
import Synchronization
import TestServers
import TestTarget
import Testing

/// A Redis that comes back as it was some seconds ago (protocols.md, 6 and 7a).
@Suite(.serialized) struct RedisGoesBackTests {
    /// All keys with their values, as of now.
    private func dump(_ connection: RedisConnection) async throws -> [RedisCommand] {
        let keys = try await connection.call([RedisCommand("KEYS", "*")])[0].array?.compactMap(\.text) ?? []
        let values = try await connection.call(keys.map { RedisCommand("DUMP", $0) })
        return zip(keys, values).compactMap { key, value in
            guard let bytes = value.byteString else { return nil }
            var command = RedisCommand("RESTORE", key, "0")
            command.append(bytes)
            return command
        }
    }

    private func restore(_ dump: [RedisCommand], _ connection: RedisConnection) async throws {
        let replies = try await connection.call(
            [RedisCommand("MULTI"), RedisCommand("FLUSHALL")] + dump + [RedisCommand("EXEC")])
        #expect(replies.last?.array?.count == dump.count + 1)
    }

    private func generation(_ connection: RedisConnection) async throws -> Int {
        let replies = try await connection.call((0..<2).map { RedisCommand("HGET", "hg:{\($0)}:triggers:m", "g") })
        return replies.map { $0.int ?? 0 }.min() ?? 0
    }

    private func calls(of path: String, _ it: Cluster) async throws -> Int {
        try await it.pathsSeen().count { $0 == path }
    }

    /// How Redis comes to be as it was.
    enum Loss: CaseIterable {
        case keysRestored, appendOnlyFileCut
    }

    @Test(arguments: Loss.allCases)
    func `what was settled, deleted or changed in the seconds that Redis has lost stays so`(loss: Loss) async throws {
        try await Cluster.with(redis: ["--restart", "--auto-aof-rewrite-percentage", "0"]) { it in
            let api = try await APIClient.start(it)
            try it.startAll(except: ["trigger-worker"])
            let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            func put(_ name: String, _ path: String) async throws {
                let document = it.once(path, after: .seconds(1), at: try await it.registry.now())
                #expect(try await api.call("PUT", "/v1/schedules/\(name)", document.description).status < 300)
            }
            // Its second attempt comes six seconds after the first.
            try await put("first503", "/retry-after/6/first")
            for number in 0..<20 { try await put("done\(number)", "/ok/done") }
            for name in ["gone", "changed", "cancelled"] { try await put(name, "/ok/\(name)") }
            try await eventually("all are queued") {
                try await it.triggers(.queued) == 24
            }
            let before = try await dump(connection)
            let bytes = try await it.appendOnlyBytes()
            // What a receiver has seen by then is younger than the dump, by a round of the monitor and more.
            let generation = try await generation(connection)
            try await eventually("the monitor has raised the generation") {
                try await self.generation(connection) >= generation + 2
            }

            #expect(try await api.call("DELETE", "/v1/schedules/gone").status == 204)
            try await put("changed", "/ok/new")
            let ids = try await api.call("GET", "/v1/triggers?schedule=cancelled").body["items"]?.elements
            let id = try #require(ids?.first?["id"]?.text)
            #expect(try await api.call("POST", "/v1/triggers/\(id)/cancel").body["state"]?.text == "cancelled")
            try it.start("trigger-worker")
            try await eventually("the first attempts are recorded") {
                let numbers = [
                    try await it.triggers(.delivered), try await it.triggers(where: "attempts = 1"),
                ]
                return numbers == [21, 22]
            }
            switch loss {
            case .keysRestored: try await restore(before, connection)
            case .appendOnlyFileCut: try await it.killRedis(keeping: bytes)
            }

            try await eventually("everything is final", within: .seconds(40)) {
                let numbers = [
                    try await it.triggers(.planned, .queued), try await it.triggers(.delivered),
                ]
                return numbers == [0, 22]
            }
            let first = try await api.call("GET", "/v1/triggers?schedule=first503").body["items"]?.elements?.first
            #expect(first?["state"]?.text == "delivered")
            let again = try await calls(of: "/ok/done", it)
            #expect(again == 20, "what was recorded is not called again")
            #expect(try await calls(of: "/ok/gone", it) == 0)
            #expect(try await calls(of: "/ok/changed", it) == 0)
            #expect(try await calls(of: "/ok/cancelled", it) == 0)
            #expect(try await calls(of: "/ok/new", it) == 1)
        }
    }

    /// Functions reach Redis through a proxy, which leads to the replica after it was promoted.
    @Test func `a replica that lags and is promoted loses no trigger and calls none that was cancelled`() async throws {
        try await Cluster.with { it in
            let master = it.redis.withLock { $0 }
            let replica = try await TestServer.redis(["--replicaof", "127.0.0.1 \(master.port)"])
            defer { replica.stop() }
            let proxy = try TCPProxy(to: master.port)
            defer { proxy.stop() }
            it.redisPort.withLock { $0 = proxy.port }
            let api = try await APIClient.start(it)
            try it.startAll(except: ["trigger-worker"])
            let replicaConnection = RedisConnection(url: try RedisURL(replica.redisURL))
            try await eventually("the replica is in step") {
                let info = try await replicaConnection.call([RedisCommand("INFO", "replication")])[0].text ?? ""
                return info.contains("master_link_status:up")
            }
            let now = try await it.registry.now()
            try await it.register(
                (0..<100).map { ("s\($0)", it.once("/ok/done", after: .seconds(1), at: now)) }, tenant: "dev")
            try await it.register([("gone", it.once("/ok/gone", after: .seconds(1), at: now))], tenant: "dev")
            let queue = RedisQueue(
                name: .triggers, configuration: .init(shards: 2), url: try RedisURL(replica.redisURL),
                outcomes: .outcomes)
            try await eventually("the replica has all of them") {
                let statistics = try await queue.statistics()
                return statistics.ready + statistics.delayed == 101
            }
            // From here on the replica lags; it is promoted with what it has.
            _ = try await replicaConnection.call([RedisCommand("REPLICAOF", "NO", "ONE")])
            let connection = RedisConnection(url: try RedisURL(master.redisURL))
            let generation = try await generation(connection)
            try await eventually("the monitor has raised the generation") {
                try await self.generation(connection) >= generation + 2
            }
            #expect(try await api.call("DELETE", "/v1/schedules/gone").status == 204)
            try it.start("trigger-worker", ["--concurrency", "1"])
            try await eventually("many are delivered") {
                try await it.triggers(.delivered) > 30
            }
            proxy.redirect(to: replica.port)
            proxy.closeAll()
            try await it.settled(101, within: .seconds(90))
            #expect(try await it.triggers(.delivered) == 100)
            #expect(try await calls(of: "/ok/gone", it) == 0)
            #expect(try await it.callsSeen().distinct == 100)
        }
    }

    /// Leases end meanwhile; in the long form tickets are too old, too, when it goes on.
    @Test func `a Redis that stands still for a while loses nothing`() async throws {
        let isLong = ProcessInfo.processInfo.environment["HEADGATE_TEST_FAULTS"] == "all"
        try await Cluster.with { it in
            try it.startAll()
            let now = try await it.registry.now()
            try await it.register(
                (0..<200).map { ("s\($0)", it.once("/ok", after: .milliseconds(2_000 + 40 * $0), at: now)) })
            try await eventually("some are delivered") {
                try await it.triggers(.delivered) > 20
            }
            let redis = it.redis.withLock { $0 }
            redis.signal(SIGSTOP)
            try await Task.sleep(for: isLong ? .seconds(120) : .seconds(15))
            redis.signal(SIGCONT)
            try await it.settled(200, within: .seconds(90))
            try await it.checkRecorded(200)
            #expect(try await it.keysSeen() == 200)
        }
    }

    @Test func `a wall clock of Redis that jumps an hour back and forth loses nothing`() async throws {
        try await Cluster.with(redis: ["--clock"]) { it in
            let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            let file = try await it.redisFolder().appending(path: "clock")
            func shift(_ seconds: Int) async throws {
                try "\(seconds)\n".write(to: file, atomically: false, encoding: .utf8)
                let before = Int(Date.now.timeIntervalSince1970)
                let text = try await connection.call([RedisCommand("TIME")])[0].array?.first?.text ?? ""
                let after = Int(Date.now.timeIntervalSince1970)
                let time = try #require(Int(text)) - seconds
                #expect((before...after).contains(time), "the clock that was set is the one that it tells")
            }
            try it.startAll()
            let now = try await it.registry.now()
            try await it.register(
                (0..<300).map { ("s\($0)", it.once("/ok", after: .milliseconds(2_000 + 100 * $0), at: now)) })
            for seconds in [0, -3_600, 0, 3_600, 0] {
                try await shift(seconds)
                try await Task.sleep(for: .seconds(5))
            }
            try await it.settled(300, within: .seconds(60))
            try await it.checkRecorded(300)
            #expect(try await it.keysSeen() == 300)
        }
    }

    /// The scripts' time goes on from its high-water mark; no clock of this machine is touched.
    @Test func `a clock of Redis that goes back an hour holds up neither delays nor leases`() async throws {
        try await Cluster.with { it in
            let url = try RedisURL(it.redis.withLock { $0 }.redisURL)
            let connection = RedisConnection(url: url)
            let queue = RedisQueue(name: .triggers, configuration: .init(shards: 2), url: url, outcomes: .outcomes)
            func message(_ id: String, _ delay: Duration) -> OutgoingMessage {
                OutgoingMessage(id: MessageID(id), tenant: "a", delay: delay, body: [1])
            }
            _ = try await queue.send([message("before", .seconds(1))])
            // As if the last call had been an hour later than now.
            let ahead = try await queue.serverClock() + .seconds(3_600)
            for shard in 0..<2 {
                _ = try await connection.call([
                    RedisCommand("HSET", "hg:{\(shard)}:triggers:m", "hw", "\(ahead.milliseconds)")
                ])
            }
            #expect(try await queue.ticket().time >= ahead.flooredToMillisecond, "it never goes back")
            let sent = try await queue.send([message("after", .milliseconds(500))])
            #expect(sent == [.accepted])
            var seen: Set<String> = []
            try await eventually("both are received, and the second not before its time") {
                let received = try await queue.receive(upTo: 10, visibility: .seconds(1), wait: .seconds(1))
                seen.formUnion(received.map(\.id.description))
                return seen == ["before", "after"]
            }
            try await eventually("their leases lapse") {
                try await queue.receive(upTo: 10, visibility: .seconds(1), wait: .seconds(1)).count > 0
            }
        }
    }

    /// As from a queue whose clock is an hour ahead: delays end early.
    @Test func `a trigger that comes long before its time is called at its time`() async throws {
        try await Cluster.with { it in
            let url = try RedisURL(it.redis.withLock { $0 }.redisURL)
            let queue = RedisQueue(name: .triggers, configuration: .init(shards: 2), url: url, outcomes: .outcomes)
            try it.start("trigger-worker")
            let now = try await it.registry.now()
            let planned = now + .seconds(14)
            let action = ActionRecord(
                action: .http(HTTPAction(url: "http://127.0.0.1:\(it.target.port)/ok")), retry: RetryPolicy())
            let message = TriggerMessage(
                id: TriggerID(high: 7, low: 7), kind: .scheduled, redrive: 0, occurrence: planned, plannedAt: planned,
                deadline: planned + .seconds(60), tenant: "acme", schedule: "s", action: action.encoded)
            _ = try await queue.send([OutgoingMessage(message, delay: .zero)])
            try await eventually("it is given back") { try await queue.statistics().delayed == 1 }
            #expect(try await it.callsSeen().total == 0)
            try await eventually("it is called") { try await it.callsSeen().total == 1 }
            #expect(try await it.registry.now() >= planned - .milliseconds(100))
        }
    }
}
