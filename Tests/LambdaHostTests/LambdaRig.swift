import Curl
import Foundation
import HTTP
import Lambda
import LambdaHost
import Memory
import Model
import Processes
import SQS
import SQSFunction
import Synchronization
import TestServers
import Testing

/// Lambda in this process, with its API, a queue service in memory, and functions that do what each event says.
final class LambdaRig: Sendable {
    let folder: String
    let service: LambdaService
    let queues: MemoryQueues
    let log: LogLines
    private let port: Int
    private let server: Task<Void, any Error>
    private let http = HTTPClient()

    /// The lines that functions wrote.
    final class LogLines: Sendable {
        private let lines = Mutex<[String]>([])
        func append(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
        func count(_ part: String) -> Int { all.count { $0.contains(part) } }
    }

    private init(_ folder: String, _ queues: MemoryQueues, memory: Int?) async throws {
        self.folder = folder
        self.queues = queues
        let log = LogLines()
        self.log = log
        try LocalFile.makeDirectory("\(folder)/pids")
        var configuration = LambdaService.Configuration(folder: folder)
        configuration.variables = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        configuration.log = { environment, line, _ in log.append("\(environment): \(line)") }
        if let memory { configuration.memory = memory }
        configuration.report = { log.append("service: \($0)") }
        let fleet = Fleet(spawner: try Spawner(), pidFiles: PidFiles(directory: "\(folder)/pids"))
        let service = try LambdaService(configuration, queues: queues, fleet: fleet)
        self.service = service
        await service.start()
        let listening = OneShot<Int>()
        server = Task { try await LambdaServer(service).run(port: 0) { listening.resolve($0) } }
        guard let port = await listening.wait(for: .seconds(20)) else {
            throw TestServerError(description: "it does not listen")
        }
        self.port = port
    }

    /// Runs `body`; whatever happens, no process is left. With a folder, what it has stays.
    static func with(
        folder: String? = nil, queues: MemoryQueues = MemoryQueues(), memory: Int? = nil,
        _ body: (LambdaRig) async throws -> Void
    ) async throws {
        let own = folder ?? "/tmp/headgate-lambda-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let rig = try await LambdaRig(own, queues, memory: memory)
        let polls = Task { await queues.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(rig)) } catch { result = .failure(error) }
        await rig.service.stop(grace: .zero)
        rig.server.cancel()
        _ = await rig.server.result
        polls.cancel()
        await polls.value
        if folder == nil { LocalFile.remove(own) }
        try result.get()
    }

    /// The runtime that does what each event says.
    static let program = URL(filePath: #filePath).appending(path: "../../Clients/lambda_runtime.py").standardized.path()

    /// Defines functions that run it, by name; a later call replaces those of an earlier one.
    func define(
        _ names: [String] = ["f"], reserved: Int? = nil, command: [String]? = nil,
        _ change: (inout FunctionConfiguration) -> Void = { _ in }
    ) async throws {
        var random = SystemRandomNumberGenerator()
        let functions = names.map { name in
            var function = FunctionConfiguration(
                name: name, command: command ?? ["python3", LambdaRig.program], modified: Timestamp(seconds: 0),
                revision: .v4(using: &random))
            function.code = FunctionCode(sha256: "", bytes: 0, location: folder)
            // Many tests at once may take a runtime's start to seconds.
            function.timeout = 20
            change(&function)
            return (function, reserved)
        }
        try await service.define(functions)
    }

    /// An answer of the API.
    struct Answer {
        var status: Int
        var headers: [String: String]
        var body: String

        var json: JSON { (try? JSON(parsing: body)) ?? .null }
        /// The end of the log.
        var log: [String] {
            let data = headers["x-amz-log-result"].flatMap { Data(base64Encoded: $0) } ?? Data()
            return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        var isFailure: Bool { headers["x-amz-function-error"] == "Unhandled" }
        /// A refusal's type.
        var type: String? { headers["x-amzn-errortype"] }
    }

    func call(
        _ method: String, _ path: String, _ body: [UInt8] = [], headers: [(String, String)] = []
    ) async throws -> Answer {
        let response = try await http.execute(
            HTTPRequest(
                method: method, url: "http://127.0.0.1:\(port)\(path)", headers: headers,
                body: body.isEmpty ? nil : body, timeout: .seconds(60), keptBytes: 16 << 20))
        return Answer(
            status: response.status,
            headers: Dictionary(
                ["x-amz-log-result", "x-amz-function-error", "x-amz-executed-version", "x-amzn-errortype"].compactMap {
                    name in response.header(name).map { (name, $0) }
                }, uniquingKeysWith: { $1 }),
            body: String(decoding: response.body, as: UTF8.self))
    }

    func call(_ method: String, _ path: String, _ body: JSON) async throws -> Answer {
        try await call(method, path, body.serialized)
    }

    @discardableResult
    func invoke(_ event: JSON, _ name: String = "f", headers: [(String, String)] = []) async throws -> Answer {
        try await call(
            "POST", "/2015-03-31/functions/\(name)/invocations", event.serialized,
            headers: [("X-Amz-Log-Type", "Tail")] + headers)
    }

    // MARK: Queues

    static let queueARN = "arn:aws:sqs:us-east-1:000000000000:"

    func queue(_ name: String, _ attributes: JSON = .object([])) async throws {
        _ = try await queues.call(
            "CreateQueue", ["QueueName": .string(name), "Attributes": attributes], region: "us-east-1")
    }

    func send(_ bodies: [String], to name: String) async throws {
        for body in bodies {
            _ = try await queues.call(
                "SendMessage", ["QueueUrl": .string("http://h/000000000000/\(name)"), "MessageBody": .string(body)],
                region: "us-east-1")
        }
    }

    /// Messages of a queue, each deleted as it is received.
    func take(from name: String) async throws -> [JSON] {
        let url = JSON.string("http://h/000000000000/\(name)")
        let answer = try await queues.call(
            "ReceiveMessage",
            [
                "QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"],
                "MessageSystemAttributeNames": ["All"],
            ], region: "us-east-1")
        let messages = answer["Messages"]?.elements ?? []
        for message in messages {
            _ = try await queues.call(
                "DeleteMessage", ["QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] ?? .null],
                region: "us-east-1")
        }
        return messages
    }

    /// Visible and in flight.
    func counts(_ name: String) async throws -> [Int] {
        let answer = try await queues.call(
            "GetQueueAttributes",
            ["QueueUrl": .string("http://h/000000000000/\(name)"), "AttributeNames": ["All"]], region: "us-east-1")
        return ["", "NotVisible"].map {
            answer["Attributes"]?["ApproximateNumberOfMessages\($0)"]?.text.flatMap { Int($0) } ?? -1
        }
    }
}

/// The SQS API on a store in memory, which is held to the same suite as that on Redis.
final class MemoryQueues: QueueService {
    private let endpoint = SQSEndpoint(
        store: InMemorySQSStore(clock: { MemoryQueues.now() }), clock: { MemoryQueues.now() })

    /// While it is set every call fails, as when the store cannot be reached.
    let isOut = Atomic(false)

    static func now() -> Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }

    func run() async { await endpoint.run() }

    func call(_ action: String, _ input: JSON, region: String) async throws -> JSON {
        if isOut.load(ordering: .relaxed) { throw QueueServiceError(type: "ServiceUnavailable", message: "out") }
        do {
            return try await endpoint.call(try #require(SQSAction(rawValue: action)), input, region: region)
        } catch let error as SQSError {
            throw QueueServiceError(type: error.shape, message: error.message)
        }
    }
}
