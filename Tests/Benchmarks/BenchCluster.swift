import Curl
import Foundation
import HTTP
import Model
import Postgres

/// The product and a target, started for one run in a folder of their own and removed after it.
final class BenchCluster: Sendable {
    let api: String
    let key: String
    let database: PostgresConnection
    let redis: String
    let postgres: String
    let target: String
    let programs: URL
    let http = HTTPClient()
    private let directory: URL
    private let processes: [Process]
    /// The runner, without the target.
    var rootProcesses: [Int] { [Int(processes[0].processIdentifier)] }

    private init(directory: URL, programs: URL, ready: JSON, target: String, processes: [Process]) {
        self.directory = directory
        self.programs = programs
        self.target = target
        self.processes = processes
        api = ready["api"]!.text!
        key = ready["key"]!.text!
        redis = ready["redis"]!.text!
        postgres = ready["postgres"]!.text!
        database = PostgresConnection(.init(url: postgres, applicationName: "headgate bench"))
    }

    static func start() async throws -> BenchCluster {
        let programs = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let directory = URL(filePath: "/var/tmp/headgate-bench-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let port = 20_000 + Int.random(in: 0..<20_000)
        let sink = try spawn(programs, "local-runner", ["test-target", "--port", "\(port)"], log: directory)
        let file = directory.appending(path: "ready.json").path()
        let runner = try spawn(
            programs, "local-runner",
            ["up", "--data", directory.appending(path: "data").path(), "--port", "0", "--ready-file", file],
            log: directory)
        for _ in 0..<600 {
            if let data = FileManager.default.contents(atPath: file) {
                return BenchCluster(
                    directory: directory, programs: programs, ready: try JSON(parsing: Array(data)),
                    target: "http://127.0.0.1:\(port)", processes: [runner, sink])
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        for process in [runner, sink] { process.terminate() }
        throw BenchError(
            description: "the runner was not ready within a minute; see \(directory.path())/local-runner.log")
    }

    private static func spawn(_ programs: URL, _ name: String, _ arguments: [String], log: URL) throws -> Process {
        let process = Process()
        process.executableURL = programs.appending(path: name)
        process.arguments = arguments
        let file = log.appending(path: "\(name)-\(arguments[0]).log")
        _ = FileManager.default.createFile(atPath: file.path(), contents: nil)
        let handle = try FileHandle(forWritingTo: file)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Ends everything when this process is asked to end.
    func stopsOnSignals() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            let processes = processes
            let directory = directory
            source.setEventHandler {
                for process in processes { process.terminate() }
                for process in processes { process.waitUntilExit() }
                try? FileManager.default.removeItem(at: directory)
                exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    func stop() {
        for process in processes {
            process.terminate()
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: directory)
    }

    /// Calls the API; anything but a 2xx is an error.
    ///
    /// - Parameter own: another key than the runner's.
    func call(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, type: String = "application/json",
        key own: String? = nil
    ) async throws -> JSON {
        let request = HTTPRequest(
            method: method, url: api + path,
            headers: [("Authorization", "Bearer \(own ?? key)"), ("Content-Type", type)],
            body: body, timeout: .seconds(300))
        let response = try await http.execute(request)
        guard (200..<300).contains(response.status) else {
            throw BenchError(
                description: "\(path): \(response.status): \(String(decoding: response.body, as: UTF8.self))")
        }
        return response.body.isEmpty ? .null : try JSON(parsing: response.body)
    }

    /// What the target has counted.
    func targetStatistics() async throws -> JSON {
        try JSON(parsing: try await http.execute(HTTPRequest(url: "\(target)/_stats")).body)
    }

    /// Pauses what a scenario has registered, waits until every trigger has ended, and holds them against what the target has seen.
    ///
    /// A row that says how many are delivered, and what became of the others; a failure where there are any.
    ///
    /// - Parameters:
    ///   - due: how many there must be, at least.
    ///   - skips: occurrences may have been skipped, or have expired: those are told apart and not counted.
    func settled(_ scenario: String, name: String, due: Int, skips: Bool = false) async throws -> ResultRow {
        let prefix = "name like '\(name)-%'"
        try await pauseSchedules(where: prefix)
        for _ in 0..<240 {
            let open = try await numbers(
                "select count(*)::float8 from headgate.trigger where state < ${state.final} and \(prefix)")
            if open[0] == 0 { break }
            try await Task.sleep(for: .milliseconds(250))
        }
        let counts = try await numbers(
            """
            select (sum(count) filter (where not \(skips) or state not in (${state.expired}, ${state.skipped})))::float8,
                (count(*) filter (where state = ${state.delivered}))::float8
            from headgate.trigger where \(prefix)
            """)
        let (all, delivered) = (Int(counts[0] ?? 0), Int(counts[1] ?? -1))
        let others = try await database.query(
            StatementCall(
                Statement(
                    """
                    select state::int, coalesce(reason, '') as reason, sum(count) as count from headgate.trigger
                    where state <> ${state.delivered} and \(prefix) group by 1, 2 order by 3 desc limit 5
                    """))
        ) { (row: PostgresRow<UndeliveredColumn>) throws(PostgresError) in
            let state = TriggerState(rawValue: try row.required(.state, row.int)).map { "\($0)" } ?? "?"
            return "\(try row.required(.count, row.int)) \(state): \(try row.required(.reason, row.text))"
        }
        let seen = try await targetStatistics()["distinctKeys"]?.int ?? -1
        let rest = others.isEmpty ? "" : " (\(others.joined(separator: "; ")))"
        return ResultRow(
            scenario: scenario, what: "triggers of the whole run that are delivered / keys that the target has seen",
            value: "\(delivered) of \(all) / \(seen)\(rest)", isFailure: delivered != all || seen != all || all < due)
    }

    /// Takes schedules out of the loaders' sight.
    func pauseSchedules(where condition: String) async throws {
        let pause = Statement(
            "update headgate.schedule set next_at = null, state = ${schedule.paused} where \(condition)")
        try await database.execute(StatementCall(pause))
    }

    /// The numbers of the only row of a query's result; nil for NULL.
    func numbers(_ sql: String) async throws -> [Double?] {
        let row =
            try await database.value(StatementCall(Statement("select row::text from (\(sql)) row")), .text) ?? "()"
        return row.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    }
}

private enum UndeliveredColumn: Int, ResultColumn {
    case state, reason, count
}

struct BenchError: Error, CustomStringConvertible { var description: String }
