import Curl
import Foundation
import HTTP
import Model
import TestServers
import Testing

/// `local-runner up` with Lambda functions, and its data in a folder.
struct LambdaRunner {
    private let process: Process
    let readyFile: URL
    private let folder: URL
    private let logFile: URL
    /// The addresses, and a key.
    let ready: JSON
    private let http = HTTPClient()

    /// Starts one, and ends it if `body` has not; what it printed is part of an error.
    ///
    /// - Parameters:
    ///   - python: the folder with the `python3` of functions, where it is not that of the machine.
    ///   - topology: a file; by default that of the clients.
    static func with(
        _ folder: URL, python: URL? = nil, topology: URL? = nil, _ body: (LambdaRunner) async throws -> Void
    ) async throws {
        let runner = try await LambdaRunner(
            folder, python,
            topology ?? Cluster.sources.appending(path: "Tests/Clients/lambda/topology.yaml"))
        do {
            try await body(runner)
        } catch {
            let said = runner.log
            await runner.end()
            throw TestServerError(description: "\(error): \(said)")
        }
        await runner.end()
    }

    private init(_ folder: URL, _ python: URL?, _ topology: URL) async throws {
        self.folder = folder
        readyFile = folder.appending(path: "ready.json")
        // A runner that was killed has left it.
        if FileManager.default.fileExists(atPath: readyFile.path()) {
            try FileManager.default.removeItem(at: readyFile)
        }
        logFile = folder.appending(path: "log-\(UUID().uuidString)")
        try Data().write(to: logFile)
        let output = try FileHandle(forWritingTo: logFile)
        let environment = ProcessInfo.processInfo.environment
        process = Process()
        process.executableURL = Cluster.programs.appending(path: "local-runner")
        process.arguments = [
            "up", "--topology", topology.path(),
            "--data", folder.appending(path: "data").path(), "--port", "0", "--ready-file", readyFile.path(),
            "--functions", Cluster.programs.path(),
        ]
        process.environment = [
            "PATH": (python.map { "\($0.path()):" } ?? "") + (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"),
            "HOME": environment["HOME"] ?? "/tmp",
        ]
        process.standardOutput = output
        process.standardError = output
        try process.runFunction()
        ready = try await LambdaRunner.ready(process, readyFile, logFile)
    }

    private static func ready(_ process: Process, _ file: URL, _ log: URL) async throws -> JSON {
        do {
            try await eventually("the runner is ready", within: .seconds(120)) {
                if !process.isRunning { throw TestServerError(description: "the runner has ended") }
                return FileManager.default.fileExists(atPath: file.path())
            }
            return try JSON(parsing: try Data(contentsOf: file))
        } catch {
            kill(process.processIdentifier, SIGKILL)
            let said = try String(contentsOf: log, encoding: .utf8)
            throw TestServerError(description: "\(error): \(said.suffix(2_000))")
        }
    }

    /// The end of what it has printed, or why that cannot be read.
    var log: String {
        do { return String(try String(contentsOf: logFile, encoding: .utf8).suffix(4_000)) } catch { return "\(error)" }
    }

    /// Asks it to stop; returns its status.
    func stop() async throws -> Int32 {
        kill(process.processIdentifier, SIGINT)
        try await eventually("the runner ends", within: .seconds(60)) { !process.isRunning }
        return process.terminationStatus
    }

    /// Kills it, if it still runs.
    func end() async {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        await process.ended()
    }

    /// The command lines of what runs for it: processes whose command line, environment or working folder has its folder.
    func processes() -> [String] {
        let name = folder.lastPathComponent
        let ids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return ids.filter { Int($0) != nil }.compactMap { id in
            // A process may end while it is looked at.
            func text(_ file: String) -> String {
                let data = try? Data(contentsOf: URL(filePath: "/proc/\(id)/\(file)"))
                return String(decoding: data ?? Data(), as: UTF8.self)
            }
            let command = text("cmdline")
            let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")) ?? ""
            guard [command, text("environ"), place].contains(where: { $0.contains(name) }) else { return nil }
            return "\(id) \(command.replacing("\0", with: " "))"
        }
    }

    // MARK: Lambda

    private func call(
        _ path: String, _ body: JSON, headers: [(name: String, value: String)] = []
    ) async throws -> (status: Int, body: JSON) {
        let address = try #require(ready["lambda"]?.text)
        let response = try await http.execute(
            HTTPRequest(method: "POST", url: "\(address)\(path)", headers: headers, body: body.serialized))
        return (response.status, response.body.isEmpty ? .null : try JSON(parsing: response.body))
    }

    /// Creates a function of the handler's code, whose notes go to a queue.
    func create(_ name: String, code: Data, notes: String) async throws {
        let body: JSON = [
            "FunctionName": .string(name), "Runtime": "python3.12", "Handler": "handler.main", "Timeout": 20,
            "Role": "arn:aws:iam::000000000000:role/clients",
            "Environment": ["Variables": ["NOTES": .string(notes)]],
            "Code": ["ZipFile": .string(code.base64EncodedString())],
        ]
        let answer = try await call("/2015-03-31/functions", body)
        try #require(answer.status == 201, "\(answer.body)")
    }

    /// Has the messages of a queue invoke a function.
    func map(_ queue: String, to function: String) async throws {
        let answer = try await call(
            "/2015-03-31/event-source-mappings",
            [
                "EventSourceArn": .string("arn:aws:sqs:us-east-1:000000000000:\(queue)"),
                "FunctionName": .string(function),
            ])
        try #require(answer.status == 202, "\(answer.body)")
    }

    func invoke(
        _ function: String, _ event: JSON, type: String = "RequestResponse"
    ) async throws -> (status: Int, body: JSON) {
        try await call(
            "/2015-03-31/functions/\(function)/invocations", event, headers: [("X-Amz-Invocation-Type", type)])
    }

    // MARK: SQS

    @discardableResult
    private func sqs(_ action: String, _ body: JSON) async throws -> JSON {
        let address = try #require(ready["sqs"]?.text)
        let response = try await http.execute(
            HTTPRequest(
                method: "POST", url: "\(address)/",
                headers: [("X-Amz-Target", "AmazonSQS.\(action)"), ("Content-Type", "application/x-amz-json-1.0")],
                body: body.serialized))
        let answer: JSON = response.body.isEmpty ? .null : try JSON(parsing: response.body)
        try #require(response.status == 200, "\(action): \(answer)")
        return answer
    }

    private func url(_ queue: String) -> JSON { .string("http://localhost/000000000000/\(queue)") }

    func queue(_ name: String) async throws { try await sqs("CreateQueue", ["QueueName": .string(name)]) }

    func send(_ text: String, to queue: String) async throws {
        try await sqs("SendMessage", ["QueueUrl": url(queue), "MessageBody": .string(text)])
    }

    /// The next message, deleted, as JSON; nil: there is none within a second.
    func take(from queue: String) async throws -> JSON? {
        let answer = try await sqs("ReceiveMessage", ["QueueUrl": url(queue), "WaitTimeSeconds": 1])
        guard let message = answer["Messages"]?.elements?.first else { return nil }
        try await sqs("DeleteMessage", ["QueueUrl": url(queue), "ReceiptHandle": message["ReceiptHandle"] ?? .null])
        return try JSON(parsing: message["Body"]?.text ?? "")
    }
}
