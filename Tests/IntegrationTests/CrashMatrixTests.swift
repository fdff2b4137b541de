import Foundation
import FunctionRuntime
import Model
import Postgres
import Redis
import Synchronization
import TestServers
import Testing

/// Every step between claim and record, with a server failing at the same time, under load: each occurrence ends delivered, and
/// each attempt is recorded once.
@Suite(.serialized) struct CrashMatrixTests {
    enum Disruption: String, CaseIterable, CustomTestStringConvertible {
        case redisIsKilled, redisIsWiped, postgresCrashes
        var testDescription: String { rawValue }

        func happen(to it: Cluster) async throws {
            switch self {
            case .redisIsKilled: try await it.killRedis()
            case .redisIsWiped:
                let connection = RedisConnection(url: try RedisURL(it.redis.withLock { $0 }.redisURL))
                _ = try await connection.call([RedisCommand("FLUSHALL")])
            case .postgresCrashes: try await it.crashPostgres()
            }
        }
    }

    private static let count = 400

    @Test(arguments: Failpoint.all.map(\.name), Disruption.allCases)
    func `a function killed at any step while a server fails loses nothing`(
        failpoint: String, disruption: Disruption
    ) async throws {
        try await Cluster.with(redis: ["--restart"]) { it in
            let function = String(failpoint.prefix { $0 != "." })
            try it.startAll(except: [function])
            let healthy = try it.start(function)
            func register(_ wave: String) async throws {
                let now = try await it.registry.now()
                try await it.register(
                    (0..<Self.count / 2).map {
                        ("\(wave)\($0)", it.once("/ok", after: .milliseconds(500 + Int64($0) * 10), at: now))
                    })
            }
            try await register("first")
            try await eventually("calls are made") { try await it.keysSeen() > 20 }
            healthy.terminate()
            try await eventually("\(function) ends") { !healthy.isRunning }
            let dying = try it.start(function, failpoint: failpoint)
            try await register("second")
            try await eventually("\(function) dies at \(failpoint)") { !dying.isRunning }
            try await disruption.happen(to: it)
            try it.start(function)
            try await it.settled(Self.count, within: .seconds(120))
            try await it.checkRecorded(Self.count)
            let (distinct, total) = try await it.callsSeen()
            #expect(distinct == Self.count)
            // A wiped queue forgets what was called and not recorded, and a worker that dies with answers takes them along. The
            // failure of a database is no reason to call again.
            if disruption == .postgresCrashes && !(function == "trigger-worker" && failpoint.hasSuffix("-settle")) {
                #expect(total == distinct)
            }
        }
    }

    @Test func `crashing Postgres again and again under 5,000 triggers loses none and records none twice`()
        async throws
    {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register(
                (0..<5_000).map { ("s\($0)", it.once("/ok", after: .milliseconds(3_000 + Int64($0)), at: now)) })
            try it.startAll()
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(1_300))
                try await it.crashPostgres()
            }
            try await it.settled(5_000, within: .seconds(120))
            try await it.checkRecorded(5_000)
            let (distinct, total) = try await it.callsSeen()
            #expect(distinct == 5_000 && total == 5_000, "the failure of a database is no reason to call again")
        }
    }
}
