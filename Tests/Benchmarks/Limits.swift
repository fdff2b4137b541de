import Foundation
import HTTP
import Model
import Synchronization

/// What the machine's parts do alone, in the same run: the figures above mean little without them.
enum Limits {
    static func measure(_ stand: Stand) async throws -> [ResultRow] {
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
        return [
            ResultRow(
                scenario: "limit", what: "HTTP client against the target, POST/s, 256 at once", value: "\(Int(http))"),
            ResultRow(scenario: "limit", what: "Redis SET/s, pipelined by 50", value: rate ?? "?"),
            ResultRow(
                scenario: "limit", what: "Postgres rows of 200 bytes written/s in one statement",
                value: "\(Int(300_000 / rows))"),
        ]
    }

    private static func output(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}

extension Stand {
    /// Seconds that a script takes.
    func timed(_ script: String) async throws -> Double {
        let start = ContinuousClock.now
        try await database.run(script: script)
        return (ContinuousClock.now - start).inSeconds
    }
}
