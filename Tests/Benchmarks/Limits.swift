import Curl
import Foundation
import HTTP
import Model
import Postgres
import Synchronization
import TestServers

/// What the machine's parts do alone, in the same run: a scenario's figures mean little without them.
struct Limits {
    var limits: [(what: String, perSecond: Double)]
    private static let ofPostgres = "Postgres rows of 200 bytes written/s in one statement"

    /// - Parameters:
    ///   - rate: what the scenario did, to be stated as a share of the limits.
    ///   - isCalling: it made calls by the queue; false: it wrote rows only.
    func rows(rate: Double?, isCalling: Bool) -> [ResultRow] {
        limits.map { limit in
            let share = (isCalling || limit.what == Limits.ofPostgres ? rate : nil).map {
                String(format: ", of which %.0f/s are %.1f %%", $0, $0 / limit.perSecond * 100)
            }
            return ResultRow(
                scenario: "limit", what: limit.what, value: String(format: "%.0f%@", limit.perSecond, share ?? ""))
        }
    }

    static func measure(_ stand: BenchCluster) async throws -> Limits {
        let start = ContinuousClock.now
        let calls = 20_000
        let client = HTTPClient()
        let target = stand.target
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<256 {
                group.addTask {
                    for index in stride(from: lane, to: calls, by: 256) {
                        let request = HTTPRequest(method: "POST", url: "\(target)/limit/\(index)", body: [123, 125])
                        // A call that fails shows in the rate.
                        _ = try? await client.execute(request)
                    }
                }
            }
        }
        let http = Double(calls) / (ContinuousClock.now - start).inSeconds
        _ = try await client.execute(HTTPRequest(method: "POST", url: "\(stand.target)/_reset"))
        let port = stand.redis.split(separator: ":").last.map(String.init) ?? "6379"
        let redis = try output("redis-benchmark", ["-p", port, "-t", "set", "-n", "200000", "-P", "50", "-q", "--csv"])
        let rate = redis.split(separator: "\n").last?.split(separator: ",").dropFirst().first.map {
            String($0.filter { $0 != "\"" })
        }
        let rows = try await stand.timed(
            "create table bench_rows as select g, repeat('x', 200) t from generate_series(1, 300000) g; drop table bench_rows"
        )
        return Limits(limits: [
            ("HTTP client against the target, POST/s, 256 at once", http),
            ("Redis SET/s, pipelined by 50", rate.flatMap(Double.init) ?? .nan),
            (ofPostgres, 300_000 / rows),
        ])
    }

    /// What a program printed. It ends within two minutes, and what it leaves behind of its process group with it.
    static func output(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "headgate-bench-\(UUID())")
        _ = FileManager.default.createFile(atPath: file.path(), contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        // Which makes a process group of its own.
        process.arguments = ["120", program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // A file, not a pipe: a pipe ends only when the last that was left behind does.
        process.standardOutput = try FileHandle(forWritingTo: file)
        try process.runUnblocked()
        process.waitUntilExit()
        kill(-process.processIdentifier, SIGKILL)
        return try String(contentsOf: file, encoding: .utf8)
    }
}

extension BenchCluster {
    /// Seconds that a script takes.
    func timed(_ script: String) async throws -> Double {
        let start = ContinuousClock.now
        try await database.run(script: script)
        return (ContinuousClock.now - start).inSeconds
    }
}
