import Foundation
import Model
import Redis
import TestServers
import Testing

/// Kills at every step between claim and record: each occurrence ends delivered, and is recorded once.
@Suite(.serialized) struct CrashTests {
    @Test(arguments: [
        ("loader", "loader.after-claim"), ("loader", "loader.before-confirm"),
        ("trigger-worker", "trigger-worker.before-settle"), ("historian", "historian.after-record"),
    ]) func `a function killed at its worst moment loses nothing`(function: String, failpoint: String) async throws {
        try await Cluster.with { it in
            try it.startAll(except: [function])
            let now = try await it.registry.now()
            try await it.register((0..<200).map { ("s\($0)", it.once("/ok", after: .seconds(1), at: now)) })
            try await it.startDying(function, at: failpoint)
            try await it.settled(200)
            #expect(try await it.number("select count(*) from headgate.trigger") == 200)
            #expect(
                try await it.number("select count(*) from headgate.trigger where state = 2 and attempts = 1") == 200)
            #expect(try await it.keysSeen() == 200)
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
                running[victim].1.waitUntilExit()
                running[victim].1 = try it.start(running[victim].0)
            }
            try await it.settled(5_000)
            #expect(try await it.number("select count(*) from headgate.trigger") == 5_000)
            #expect(try await it.number("select count(*) from headgate.trigger where state = 2") == 5_000)
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
            #expect(try await it.number("select count(*) from headgate.trigger where state = 2") == 2_000)
            #expect(try await it.keysSeen() == 2_000)
        }
    }
}
