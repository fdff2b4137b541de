import Curl
import Foundation
import HTTP
import Model
import TestServers

/// Lambda on this machine: what an invocation costs beside a direct call, how long a cold start takes, and how many
/// messages a mapping moves into functions.
///
/// Client, runner, Redis and functions share this machine's cores. Python functions need `awslambdaric`, which
/// `infra/scripts/clients.sh lambda` installs; without it their rows say so.
struct LambdaRates: Sendable {
    /// Messages that the mapping moves.
    var messages = 60_000

    private static let scenario = "lambda"
    private static let colds = 20

    func run() async throws -> [ResultRow] {
        let folder = URL(filePath: "/tmp/headgate-bench-lambda-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let python = URL(filePath: ".build/clients/lambda/bin/python3").standardized.path()
        let hasPython = FileManager.default.isExecutableFile(atPath: python)
        try write(folder, python: hasPython ? python : nil)
        // The first start makes the data directory.
        try await Runner(folder).stop()
        let start = ContinuousClock.now
        let runner = try await Runner(folder)
        let up = (ContinuousClock.now - start).inSeconds
        var rows: [ResultRow] = []
        do {
            rows += try await warm(runner)
            rows.append(try await cold(runner, "own", "an own function", "goal 30", path: folder))
            if hasPython {
                let bare = try importTime(python)
                rows.append(
                    try await cold(
                        runner, "python", "Python with awslambdaric",
                        String(format: "goal %.0f: 1.15 times an import of it, %.0f, and 30", bare * 1.15 + 30, bare),
                        path: folder))
                rows.append(try await mapping(runner))
            } else {
                rows.append(row("Python functions", "not measured: awslambdaric is not installed"))
            }
        } catch {
            try await runner.stop()
            throw error
        }
        try await runner.stop()
        rows.append(
            row("`local-runner up` with a data directory, to its ready file, s (goal 1.5)", String(format: "%.2f", up)))
        return rows
    }

    private func row(_ what: String, _ value: String, perSecond: Double? = nil) -> ResultRow {
        ResultRow(scenario: LambdaRates.scenario, what: what, value: value, perSecond: perSecond)
    }

    private func write(_ folder: URL, python: String?) throws {
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path()
        var functions = ["  own: { runtime: lambda, command: [\(own), lambda-runtime] }"]
        for number in 0..<LambdaRates.colds {
            functions.append("  own\(number): { runtime: lambda, command: [\(own), lambda-runtime] }")
            if let python {
                functions.append(
                    "  python\(number): { runtime: lambda, timeout: 30s, command: [\(python), -m, awslambdaric, handler.main] }"
                )
            }
        }
        if let python {
            functions.append(
                """
                  batches: { queue: work, runtime: lambda, timeout: 30s, maxConcurrency: 4,
                             command: [\(python), -m, awslambdaric, handler.main] }
                """)
        }
        let topology =
            "functions:\n\(functions.joined(separator: "\n"))\nqueues:\n  work: { kind: sqs, visibility: 60s }\n"
        try topology.write(to: folder.appending(path: "topology.yaml"), atomically: true, encoding: .utf8)
        try "def main(event, context):\n    return None\n".write(
            to: folder.appending(path: "handler.py"), atomically: true, encoding: .utf8)
    }

    // MARK: Parts

    private func warm(_ runner: Runner) async throws -> [ResultRow] {
        var direct: [Double] = []
        var invoked: [Double] = []
        // In turns: both meet the machine in the same state.
        for number in 0..<4_200 {
            let first = try await time { _ = try await runner.get(runner.sqs + "/healthz") }
            let second = try await time { try await runner.invoke("own") }
            if number >= 200 {
                direct.append(first)
                invoked.append(second)
            }
        }
        direct.sort()
        invoked.sort()
        func at(_ part: Double) -> Double {
            invoked[Int(Double(invoked.count) * part)] - direct[Int(Double(direct.count) * part)]
        }
        return [
            row(
                "warm invocation of an own function over a direct call, p50, p99 ms (goal 1, 5)",
                String(format: "%.2f, %.2f (direct p50 %.2f)", at(0.5), at(0.99), direct[direct.count / 2]))
        ]
    }

    private func cold(
        _ runner: Runner, _ name: String, _ what: String, _ goal: String, path: URL
    ) async throws -> ResultRow {
        var times: [Double] = []
        for number in 0..<LambdaRates.colds {
            times.append(try await time { try await runner.invoke("\(name)\(number)") })
        }
        times.sort()
        return row(
            "cold start of \(what) to its first answer, p50, max of \(times.count), ms (\(goal))",
            String(format: "%.1f, %.1f", times[times.count / 2], times[times.count - 1]))
    }

    /// Milliseconds of a Python that imports awslambdaric and ends, the median.
    private func importTime(_ python: String) throws -> Double {
        var times: [Double] = []
        for _ in 0..<11 {
            let process = Process()
            process.executableURL = URL(filePath: python)
            process.arguments = ["-c", "import awslambdaric"]
            let start = ContinuousClock.now
            try process.run()
            process.waitUntilExit()
            times.append((ContinuousClock.now - start).inSeconds * 1_000)
        }
        return times.sorted()[5]
    }

    private func mapping(_ runner: Runner) async throws -> ResultRow {
        let url = JSON.string("http://localhost/000000000000/work")
        let list = try await runner.lambda("GET", "/2015-03-31/event-source-mappings").body["EventSourceMappings"]
        guard let mapping = list?.elements?.first?["UUID"]?.text else {
            throw TestServerError(description: "there is no mapping")
        }
        func set(enabled: Bool) async throws {
            _ = try await runner.lambda(
                "PUT", "/2015-03-31/event-source-mappings/\(mapping)", ["Enabled": .bool(enabled)])
            try await eventually("the mapping is \(enabled ? "enabled" : "disabled")") {
                try await runner.lambda("GET", "/2015-03-31/event-source-mappings/\(mapping)").body["State"]
                    == .string(enabled ? "Enabled" : "Disabled")
            }
        }
        func left() async throws -> Int {
            let answer = try await runner.call(
                "GetQueueAttributes", ["QueueUrl": url, "AttributeNames": ["All"]])
            return ["", "NotVisible"].reduce(0) { sum, state in
                sum + (answer["Attributes"]?["ApproximateNumberOfMessages\(state)"]?.text.flatMap { Int($0) } ?? 0)
            }
        }
        try await set(enabled: false)
        let body = JSON.string(String(repeating: "x", count: 200))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<messages / 40 {
                        let entries = (0..<10).map {
                            JSON.object([.init("Id", .string("\($0)")), .init("MessageBody", body)])
                        }
                        _ = try await runner.call("SendMessageBatch", ["QueueUrl": url, "Entries": .array(entries)])
                    }
                }
            }
            try await group.waitForAll()
        }
        try await set(enabled: true)
        // Without the cold starts of the four environments.
        try await eventually("it has begun", within: .seconds(60)) { try await left() < messages - messages / 20 }
        let begin = (try await left(), ContinuousClock.now)
        try await eventually("it is done", within: .seconds(120)) { try await left() < messages / 20 }
        let end = (try await left(), ContinuousClock.now)
        let rate = Double(begin.0 - end.0) / (end.1 - begin.1).inSeconds
        return row(
            "mapping to a Python function that does nothing, batches of 10, 4 environments, 200 B: messages/s (goal 3000)",
            "\(Int(rate))", perSecond: rate)
    }

    private func time(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start).inSeconds * 1_000
    }

    // MARK: The runner

    private struct Runner: Sendable {
        let sqs: String
        private let lambda: String
        private let process: Process
        private let http = HTTPClient()

        init(_ folder: URL) async throws {
            let ready = folder.appending(path: "ready")
            let process = Process()
            let programs = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            process.executableURL = programs.appending(path: "local-runner")
            process.arguments = [
                "up", "--topology", folder.appending(path: "topology.yaml").path(), "--data",
                folder.appending(path: "data").path(), "--port", "0", "--ready-file", ready.path(), "--functions",
                programs.path(),
            ]
            let log = folder.appending(path: "log")
            guard FileManager.default.createFile(atPath: log.path(), contents: nil) else {
                throw TestServerError(description: "cannot write \(log.path())")
            }
            process.standardOutput = try FileHandle(forWritingTo: log)
            process.standardError = process.standardOutput
            self.process = process
            try process.runUnblocked()
            var json = JSON.null
            try await eventually("the runner is ready", within: .seconds(90)) {
                guard process.isRunning else {
                    throw TestServerError(
                        description: (try? String(contentsOf: log, encoding: .utf8)) ?? "it has ended")
                }
                guard let text = try? String(contentsOf: ready, encoding: .utf8) else { return false }
                json = (try? JSON(parsing: text)) ?? .null
                return json["lambda"] != nil
            }
            sqs = json["sqs"]?.text ?? ""
            lambda = json["lambda"]?.text ?? ""
        }

        func stop() async throws {
            process.interrupt()
            await process.ended()
        }

        func get(_ url: String) async throws -> [UInt8] {
            try await http.execute(HTTPRequest(url: url, timeout: .seconds(60))).body
        }

        func invoke(_ name: String) async throws {
            let answer = try await http.execute(
                HTTPRequest(
                    method: "POST", url: "\(lambda)/2015-03-31/functions/\(name)/invocations", body: Array("{}".utf8),
                    timeout: .seconds(60)))
            guard answer.status == 200, answer.header("x-amz-function-error") == nil else {
                throw TestServerError(
                    description: "\(name): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
            }
        }

        func lambda(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> (status: Int, body: JSON) {
            let answer = try await http.execute(
                HTTPRequest(
                    method: method, url: lambda + path, body: body?.serialized, timeout: .seconds(60),
                    keptBytes: 1 << 20))
            return (answer.status, try JSON(parsing: answer.body))
        }

        func call(_ action: String, _ input: JSON) async throws -> JSON {
            let answer = try await http.execute(
                HTTPRequest(
                    method: "POST", url: sqs + "/",
                    headers: [("X-Amz-Target", "AmazonSQS.\(action)"), ("Content-Type", "application/x-amz-json-1.0")],
                    body: input.serialized, timeout: .seconds(60), keptBytes: 1 << 20))
            guard answer.status == 200 else {
                throw TestServerError(description: "\(action): \(String(decoding: answer.body, as: UTF8.self))")
            }
            return try JSON(parsing: answer.body)
        }
    }
}
