import Foundation
import FunctionRuntime
import Model
import Postgres
import Redis
import Synchronization
import TestServers
import Testing

/// Kills at every step between claim and record: each occurrence ends delivered, and is recorded once.
@Suite(.serialized) struct CrashTests {
    private static let failpoints = Failpoint.all.map(\.name)

    private static func function(of failpoint: String) -> String { String(failpoint.prefix { $0 != "." }) }

    @Test(arguments: CrashTests.failpoints)
    func `a function killed at any step between claim and record loses nothing`(failpoint: String) async throws {
        try await Cluster.with { it in
            let function = CrashTests.function(of: failpoint)
            try it.startAll(except: [function])
            let now = try await it.registry.now()
            try await it.register((0..<200).map { ("s\($0)", it.once("/ok", after: .seconds(1), at: now)) })
            try await it.startDying(function, at: failpoint)
            try await it.settled(200)
            // Only a worker that dies with answers, of this batch or of the next, makes calls twice.
            try await it.checkDelivered(
                200, mayRepeat: failpoint.hasPrefix("trigger-worker.") && failpoint.hasSuffix("-settle"))
        }
    }

    @Test(arguments: CrashTests.failpoints)
    func `a step that fails once, and one that is slow, lose nothing`(failpoint: String) async throws {
        try await Cluster.with { it in
            let function = CrashTests.function(of: failpoint)
            try it.startAll(except: [function])
            let now = try await it.registry.now()
            try await it.register(
                (0..<100).map { ("s\($0)", it.once("/ok", after: .milliseconds(1_000 + Int64($0) * 10), at: now)) })
            try it.start(function, failpoint: "\(failpoint)=error@2")
            try it.start(function, failpoint: "\(failpoint)=delay:500ms")
            try await it.settled(100)
            try await it.checkDelivered(100, mayRepeat: failpoint == "trigger-worker.before-settle")
        }
    }

    @Test func `random kills of every function in 5,000 triggers lose none and record none twice`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register(
                (0..<5_000).map { ("s\($0)", it.once("/ok", after: .milliseconds(3_000 + Int64($0)), at: now)) })
            try it.start("monitor", ["--every", "1s"])
            var running = ["loader", "trigger-worker", "historian"].map { ($0, try! it.start($0)) }
            for _ in 0..<9 {
                try await Task.sleep(for: .milliseconds(Int64.random(in: 300...900)))
                let victim = Int.random(in: 0..<3)
                kill(running[victim].1.processIdentifier, SIGKILL)
                await running[victim].1.ended()
                running[victim].1 = try it.start(running[victim].0)
            }
            try await it.settled(5_000)
            #expect(try await it.triggers() == 5_000)
            #expect(try await it.triggers(.delivered) == 5_000)
            #expect(try await it.keysSeen() == 5_000)
        }
    }

    @Test func `wiping all of Redis under load loses nothing`() async throws {
        try await Cluster.with { it in
            try it.startAll()
            let now = try await it.registry.now()
            try await it.register(
                (0..<2_000).map { ("s\($0)", it.once("/ok", after: .milliseconds(2_000 + Int64($0) * 2), at: now)) })
            try await eventually("some are delivered") { try await it.keysSeen() > 300 }
            let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
            _ = try await connection.call([RedisCommand("FLUSHALL")])
            try await it.settled(2_000, within: .seconds(120))
            #expect(try await it.triggers(.delivered) == 2_000)
            #expect(try await it.keysSeen() == 2_000)
        }
    }
}
