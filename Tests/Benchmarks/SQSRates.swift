import Curl
import Foundation
import HTTP
import Model
import Redis
import SQS
import Synchronization
import TestServers

/// The SQS endpoint: how many messages go through it, and how long a poll takes to hear of one.
///
/// Client, endpoint and Redis share this machine's cores; the client makes its requests with libcurl and reads every
/// answer.
struct SQSRates: Sendable {
    /// Seconds of each rate.
    let seconds: Int

    private static let scenario = "sqs"
    private static let body = String(repeating: "x", count: 200)

    func run() async throws -> [ResultRow] {
        let redis = try await TestServer.redis(["--save", "", "--appendonly", "no"])
        let endpoint = try Endpoint(redis: redis)
        defer {
            endpoint.process.terminate()
            redis.stop()
        }
        try endpoint.process.runFunction()
        try await eventually("the endpoint listens") {
            (try? await endpoint.http.execute(HTTPRequest(url: endpoint.url + "healthz")))?.status == 200
        }
        var rows: [ResultRow] = []
        rows.append(
            try await rate("batches of 10, standard", goal: 8_000, batch: 10, connections: 8, groups: 0, endpoint))
        rows.append(
            try await rate("single messages, standard", goal: 1_500, batch: 1, connections: 8, groups: 0, endpoint))
        rows.append(
            try await rate(
                "batches of 10, FIFO, 200 groups", goal: 4_000, batch: 10, connections: 8, groups: 200, endpoint))
        for (what, name, groups) in [
            ("standard", "deep", 0), ("FIFO, one group", "one.fifo", 1), ("FIFO, 200 groups", "many.fifo", 200),
        ] {
            rows.append(try await depth(what, name, groups, endpoint))
        }
        rows.append(try await memory(endpoint))
        rows.append(try await latency(waiters: 1, goal: 5, endpoint))
        rows.append(try await latency(waiters: 1_000, goal: 20, endpoint))
        return rows
    }

    // MARK: The endpoint

    private final class Endpoint: Sendable {
        let process = Process()
        let http: HTTPClient
        let url: String
        let redis: TestServer
        let store: RedisSQSStore

        init(redis: TestServer) throws {
            self.redis = redis
            let port = freePort()
            url = "http://127.0.0.1:\(port)/"
            var configuration = HTTPClient.Configuration()
            configuration.maximumConcurrency = 1_100
            configuration.connectionsPerHost = 1_100
            http = HTTPClient(configuration)
            store = RedisSQSStore(url: try RedisURL(redis.redisURL))
            process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
                .deletingLastPathComponent().appending(path: "sqs")
            process.arguments = ["--port", "\(port)"]
            process.environment = ["HEADGATE_REDIS": redis.redisURL, "HEADGATE_LOG": "error"]
        }

        func call(_ action: String, _ parameters: JSON) async throws -> JSON {
            let request = HTTPRequest(
                method: "POST", url: url,
                headers: [("X-Amz-Target", "AmazonSQS.\(action)"), ("Content-Type", "application/x-amz-json-1.0")],
                body: parameters.serialized, timeout: .seconds(60), keptBytes: 1 << 20)
            let response = try await http.execute(request)
            let body = response.body.isEmpty ? JSON.object([]) : try JSON(parsing: response.body)
            guard response.status == 200 else { throw TestServerError(description: "\(action): \(body)") }
            return body
        }

        func queue(_ name: String) async throws -> JSON {
            let attributes: JSON =
                name.hasSuffix(".fifo")
                ? ["FifoQueue": "true", "ContentBasedDeduplication": "false"] : .object([])
            let answer = try await call("CreateQueue", ["QueueName": .string(name), "Attributes": attributes])
            return answer["QueueUrl"] ?? .null
        }

        /// Adds messages without the endpoint.
        func fill(_ name: String, _ count: Int, groups: Int) async throws {
            let address = QueueAddress(realm: SQSRealm(account: "000000000000", region: "us-east-1"), name: name)
            guard let record = try await store.record(of: address) else { return }
            var random = SystemRandomNumberGenerator()
            for start in stride(from: 0, to: count, by: 500) {
                let deliveries = (start..<min(count, start + 500)).map { number in
                    var message = SQSMessage(
                        id: Identifier(high: random.next(), low: random.next()), body: SQSRates.body,
                        senderID: "000000000000")
                    if groups > 0 { message.groupID = "g\(number % groups)" }
                    return SQSDelivery(message)
                }
                _ = try await store.send(deliveries, to: record)
            }
        }
    }

    // MARK: Rates

    private func rate(
        _ what: String, goal: Int, batch: Int, connections: Int, groups: Int, _ endpoint: Endpoint
    ) async throws -> ResultRow {
        let url = try await endpoint.queue("rate\(batch)\(groups)" + (groups > 0 ? ".fifo" : ""))
        let deadline = ContinuousClock.now + .seconds(seconds)
        let (deleted, sent, seen) = (Counter(), Counter(), Ids())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for connection in 0..<connections {
                group.addTask {
                    var number = 0
                    while ContinuousClock.now < deadline {
                        let entries = (0..<batch).map { index -> JSON in
                            number += 1
                            var members: [JSON.Member] = [.init("MessageBody", .string(SQSRates.body))]
                            if batch > 1 { members.append(.init("Id", .string("\(index)"))) }
                            if groups > 0 {
                                members.append(.init("MessageGroupId", .string("g\(Int.random(in: 0..<groups))")))
                                members.append(.init("MessageDeduplicationId", .string("\(connection)-\(number)")))
                            }
                            return .object(members)
                        }
                        if batch == 1 {
                            let members = (entries[0].members ?? []) + [.init("QueueUrl", url)]
                            _ = try await endpoint.call("SendMessage", .object(members))
                        } else {
                            _ = try await endpoint.call(
                                "SendMessageBatch", ["QueueUrl": url, "Entries": .array(entries)])
                        }
                        sent.add(batch)
                        let answer = try await endpoint.call(
                            "ReceiveMessage", ["QueueUrl": url, "MaxNumberOfMessages": .integer(batch)])
                        let messages = answer["Messages"]?.elements ?? []
                        if messages.isEmpty { continue }
                        for message in messages {
                            let isNew = seen.insert(message["MessageId"]?.text ?? "")
                            precondition(isNew, "a message was received twice")
                        }
                        if batch == 1 {
                            _ = try await endpoint.call(
                                "DeleteMessage",
                                ["QueueUrl": url, "ReceiptHandle": messages[0]["ReceiptHandle"] ?? .null])
                        } else {
                            let handles = messages.enumerated().map { index, message -> JSON in
                                ["Id": .string("\(index)"), "ReceiptHandle": message["ReceiptHandle"] ?? .null]
                            }
                            _ = try await endpoint.call(
                                "DeleteMessageBatch", ["QueueUrl": url, "Entries": .array(handles)])
                        }
                        deleted.add(messages.count)
                    }
                }
            }
            try await group.waitForAll()
        }
        let rate = Double(deleted.value) / Double(seconds)
        return ResultRow(
            scenario: SQSRates.scenario,
            what: "send, receive and delete, \(what), 200 B, \(connections) connections: messages/s (goal \(goal))",
            value: "\(Int(rate)) (\(sent.value / seconds) sent/s)", perSecond: rate)
    }

    // MARK: Depth

    private func depth(_ what: String, _ name: String, _ groups: Int, _ endpoint: Endpoint) async throws -> ResultRow {
        let counts = [1_000, 1_000_000]
        var urls: [JSON] = []
        for count in counts {
            urls.append(try await endpoint.queue("d\(count)\(name)"))
            try await endpoint.fill("d\(count)\(name)", count, groups: groups)
        }
        // In turns: both meet the machine in the same state.
        var times: [[Double]] = [[], []]
        for number in 0..<1_800 {
            let url = urls[number % 2]
            let start = ContinuousClock.now
            let answer = try await endpoint.call("ReceiveMessage", ["QueueUrl": url])
            times[number % 2].append((ContinuousClock.now - start).inSeconds * 1_000_000)
            let handle = answer["Messages"]?.elements?.first?["ReceiptHandle"] ?? .null
            _ = try await endpoint.call("DeleteMessage", ["QueueUrl": url, "ReceiptHandle": handle])
        }
        for url in urls { _ = try await endpoint.call("DeleteQueue", ["QueueUrl": url]) }
        let medians = times.map { $0.sorted()[$0.count / 2] }
        return ResultRow(
            scenario: SQSRates.scenario,
            what: "receive from 1,000,000 messages against 1,000, \(what), median (goal 1.3 times)",
            value: String(
                format: "%.0f us against %.0f us: %.2f times", medians[1], medians[0], medians[1] / medians[0]))
    }

    private func memory(_ endpoint: Endpoint) async throws -> ResultRow {
        let connection = RedisConnection(url: try RedisURL(endpoint.redis.redisURL))
        func used() async throws -> Double {
            let text = try await connection.call([RedisCommand("INFO", "memory")])[0].checked().text ?? ""
            let line = text.split(separator: "\r\n").first { $0.hasPrefix("used_memory:") }
            return line.flatMap { Double($0.dropFirst(12)) } ?? 0
        }
        _ = try await endpoint.queue("memory")
        // Deleted queues are freed in the background.
        try await Task.sleep(for: .seconds(3))
        let before = try await used()
        try await endpoint.fill("memory", 200_000, groups: 0)
        let each = (try await used() - before) / 200_000
        return ResultRow(
            scenario: SQSRates.scenario, what: "bytes of Redis a message of 200 B (goal 700)",
            value: String(format: "%.0f", each))
    }

    // MARK: Long polls

    private func latency(waiters: Int, goal: Int, _ endpoint: Endpoint) async throws -> ResultRow {
        let url = try await endpoint.queue("poll\(waiters)")
        let count = 500
        let (started, times) = (Starts(count), Times())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<waiters {
                group.addTask {
                    while times.count < count, !Task.isCancelled {
                        let answer = try? await endpoint.call(
                            "ReceiveMessage", ["QueueUrl": url, "WaitTimeSeconds": 20])
                        let now = ContinuousClock.now
                        guard let body = answer?["Messages"]?.elements?.first?["Body"]?.text, let number = Int(body),
                            let start = started[number]
                        else { continue }
                        times.add((now - start).inSeconds * 1_000)
                    }
                }
            }
            try await Task.sleep(for: .seconds(2))
            for number in 0..<count {
                started.begin(number)
                _ = try await endpoint.call("SendMessage", ["QueueUrl": url, "MessageBody": .string("\(number)")])
                // Until it is received: the poll that got it may be the only one.
                while times.count <= number { try await Task.sleep(for: .microseconds(500)) }
                try await Task.sleep(for: .milliseconds(5))
            }
            group.cancelAll()
            // Cancelled polls fail, as they should.
            try? await group.waitForAll()
        }
        let sorted = times.sorted
        return ResultRow(
            scenario: SQSRates.scenario,
            what:
                "long poll, from the start of a send to the answer, \(waiters) waiting: p50, p99 ms (goal p99 \(goal))",
            value: String(format: "%.1f, %.1f", sorted[sorted.count / 2], sorted[sorted.count * 99 / 100]))
    }
}

private final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func add(_ count: Int) { number.withLock { $0 += count } }
}

private final class Ids: Sendable {
    private let ids = Mutex<Set<String>>([])
    /// False: it was there.
    func insert(_ id: String) -> Bool { ids.withLock { $0.insert(id).inserted } }
}

private final class Starts: Sendable {
    private let times: Mutex<[ContinuousClock.Instant?]>
    init(_ count: Int) { times = Mutex(Array(repeating: nil, count: count)) }
    subscript(number: Int) -> ContinuousClock.Instant? { times.withLock { $0[number] } }
    func begin(_ number: Int) { times.withLock { $0[number] = .now } }
}

private final class Times: Sendable {
    private let all = Mutex<[Double]>([])
    var count: Int { all.withLock { $0.count } }
    var sorted: [Double] { all.withLock { $0.sorted() } }
    func add(_ time: Double) { all.withLock { $0.append(time) } }
}
