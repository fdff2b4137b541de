import Curl
import Foundation
import HTTP
import Model
import Postgres
import TestServers
import TestTarget
import Testing

/// Headgate's main job on SQS and Lambda: API, loader and monitor are processes, trigger-worker and historian run behind event
/// source mappings, as a user's topology has them.
@Suite(.serialized) struct LambdaJobTests {
    private static let topology = Cluster.sources.appending(path: "Tests/Clients/lambda/headgate.yaml")
    /// Messages of an invocation, as the topology says.
    private static let batch = 100

    /// What became of the triggers.
    private struct Record {
        let database: PostgresConnection

        func count(_ condition: String) async throws -> Int {
            let statement = Statement("select count(*) from headgate.trigger where \(condition)")
            return try await database.values(StatementCall(statement), .int).first ?? -1
        }
        /// Attempts that are recorded, of all triggers.
        func attempts() async throws -> Int {
            let statement = Statement("select coalesce(sum(attempts), 0)::int from headgate.trigger")
            return try await database.values(StatementCall(statement), .int).first ?? -1
        }
    }

    /// Runs the job with an API, its record, and a target.
    private func with(
        _ body: (LambdaRunner, Record, TargetServer, _ api: (String, String, [UInt8]) async throws -> Int) async throws
            -> Void
    ) async throws {
        let target = try await TargetServer.start(
            port: 0, logFile: nil, now: { Timestamp(seconds: Int64(Date.now.timeIntervalSince1970)) })
        try await ProgramRun.inFolder { folder in
            try await LambdaRunner.with(folder, topology: Self.topology) { runner in
                let record = Record(
                    database: PostgresConnection(
                        .init(url: try #require(runner.ready["postgres"]?.text), applicationName: "test")))
                let (address, key) = (try #require(runner.ready["api"]?.text), try #require(runner.ready["key"]?.text))
                let http = HTTPClient()
                try await body(runner, record, target) { method, path, bytes in
                    let answer = try await http.execute(
                        HTTPRequest(
                            method: method, url: address + path, headers: [("Authorization", "Bearer \(key)")],
                            body: bytes.isEmpty ? nil : bytes, timeout: .seconds(60)))
                    return answer.status
                }
                await record.database.close()
                #expect(try await runner.stop() == 0, "\(runner.log)")
                #expect(runner.processes() == [])
            }
        }
        try await target.stop()
    }

    /// Calls of the target, and of how many triggers.
    private func calls(_ target: TargetServer) async throws -> (distinct: Int, total: Int) {
        let response = try await HTTPClient().execute(HTTPRequest(url: "http://127.0.0.1:\(target.port)/_stats"))
        let statistics = try JSON(parsing: response.body)
        return (statistics["distinctKeys"]?.int ?? -1, statistics["total"]?.int ?? -1)
    }

    /// A schedule of one time, as a line of an import.
    private func line(_ name: String, _ url: String, at time: Timestamp) -> String {
        let document: JSON = [
            "name": .string(name), "when": [["at": .time(time)]], "action": ["http": ["url": .string(url)]],
            "retry": ["initial": "1s", "cap": "2s", "maxAttempts": 3],
        ]
        return document.description + "\n"
    }

    @Test func `5,000 triggers, some of whose calls fail, and environments that are killed: none lost, none twice`()
        async throws
    {
        let (all, failing, dying) = (5_000, 300, 50)
        try await with { runner, record, target, call in
            let start = Timestamp(seconds: Int64(Date.now.timeIntervalSince1970) + 5)
            let lines = (0..<all).map { number in
                let path =
                    number < dying ? "/status/503/\(number)" : number < dying + failing ? "/once/503/\(number)" : "/ok"
                return line(
                    "s\(number)", "http://127.0.0.1:\(target.port)\(path)",
                    at: start + .milliseconds(Int64(number) * 3))
            }
            #expect(try await call("POST", "/v1/schedules/import", Array(lines.joined().utf8)) == 200)
            var kills = 0
            while kills < 10, try await record.count("state >= ${state.final}") < all {
                try await Task.sleep(for: .milliseconds(Int64.random(in: 600...1_600)))
                let victims = runner.processes().filter {
                    $0.contains("/trigger-worker") || $0.contains("/historian")
                }
                guard let victim = victims.randomElement(), let id = Int32(victim.prefix { $0.isNumber }) else {
                    continue
                }
                kill(id, SIGKILL)
                kills += 1
            }
            #expect(kills >= 5)
            try await eventually("all are settled", within: .seconds(180)) {
                try await record.count("state >= ${state.final}") >= all
            }
            #expect(try await record.count("true") == all)
            #expect(try await record.count("state = ${state.dead} and attempts = 3") == dying)
            #expect(try await record.count("state = ${state.delivered} and attempts <= 2") == all - dying)
            try await eventually("every attempt is recorded") {
                try await record.count("\(Cluster.recordedAttempts) < attempts") == 0
            }
            // Killed between an outcome and its successor, an environment leaves an attempt to be made again under its number
            // (protocols.md, 6).
            let again = try await record.count("\(Cluster.recordedAttempts) > attempts")
            #expect(again <= kills * Self.batch)
            let (distinct, total) = try await calls(target)
            let recorded = try await record.attempts() + again
            #expect(distinct == all)
            // A killed environment takes the answers of its invocation along: those calls are made again.
            #expect((recorded...recorded + kills * Self.batch).contains(total), "\(total) calls, \(recorded) recorded")
        }
    }
}
