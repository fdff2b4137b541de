import Curl
import Foundation
import HTTP
import Model
import Redis
import TestServers
import Testing

/// A Redis, the endpoint's process, and a client of AWS JSON.
struct SQSRig {
    let redis: TestServer
    let process: Process
    let port: Int
    private let http = HTTPClient()

    private init(_ options: [String], _ settings: [String: String], _ files: Int?) async throws {
        redis = try await TestServer.redis(options)
        port = freePort()
        process = Process()
        process.executableURL = Cluster.programs.appending(path: "sqs")
        process.arguments = ["--port", "\(port)"]
        if let files {
            process.arguments = [
                "-c", "ulimit -n \(files); exec \"$0\" --port \(port)", process.executableURL?.path() ?? "",
            ]
            process.executableURL = URL(filePath: "/bin/sh")
        }
        process.environment = settings.merging(["HEADGATE_REDIS": redis.redisURL, "HEADGATE_LOG": "error"]) { $1 }
        try process.runFunction()
        let (http, port) = (http, port)
        try await eventually("it listens") {
            (try? await http.execute(HTTPRequest(url: "http://127.0.0.1:\(port)/healthz")))?.status == 200
        }
    }

    private func end() async {
        process.terminate()
        await process.ended()
        await redis.end()
    }

    func call(_ action: String, _ parameters: JSON) async throws -> (status: Int, body: JSON) {
        let request = HTTPRequest(
            method: "POST", url: "http://127.0.0.1:\(port)/",
            headers: [("X-Amz-Target", "AmazonSQS.\(action)"), ("Content-Type", "application/x-amz-json-1.0")],
            body: parameters.serialized, timeout: .seconds(30), keptBytes: 8 << 20)
        let response = try await http.execute(request)
        return (response.status, response.body.isEmpty ? .null : (try? JSON(parsing: response.body)) ?? .null)
    }

    func queue(_ name: String, _ attributes: JSON = .object([])) async throws -> JSON {
        let answer = try await call("CreateQueue", ["QueueName": .string(name), "Attributes": attributes])
        return try #require(answer.body["QueueUrl"])
    }

    func counts(_ url: JSON) async throws -> [String] {
        let answer = try await call("GetQueueAttributes", ["QueueUrl": url, "AttributeNames": ["All"]])
        return ["", "NotVisible", "Delayed"].map {
            answer.body["Attributes"]?["ApproximateNumberOfMessages\($0)"]?.text ?? "-"
        }
    }

    /// A connection on which a long poll of a queue has begun.
    func poll(_ url: JSON, seconds: Int = 20) throws -> RawConnection {
        let body = JSON.object([.init("QueueUrl", url), .init("WaitTimeSeconds", .integer(seconds))]).serialized
        let connection = try RawConnection(port: port)
        let head =
            "POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\nContent-Length: \(body.count)\r\n\r\n"
        connection.send(Array(head.utf8) + body)
        return connection
    }

    /// How many long polls wait, as the metrics say.
    func waiting() async throws -> Int {
        let answer = try await http.execute(
            HTTPRequest(url: "http://127.0.0.1:\(port)/metrics", keptBytes: 1 << 20))
        let line = String(decoding: answer.body, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix("headgate_sqs_polls_waiting ")
        }
        return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? 0
    }

    /// Commands that Redis has carried out, without the one that asks.
    func commands(_ connection: RedisConnection) async throws -> Int {
        let text = try await connection.call([RedisCommand("INFO", "commandstats")])[0].checked().text ?? ""
        return text.split(separator: "\r\n").filter { !$0.contains("cmdstat_info") }.reduce(0) { sum, line in
            let calls = line.split(separator: "calls=").dropFirst().first?.prefix { $0.isNumber }
            return sum + (calls.flatMap { Int($0) } ?? 0)
        }
    }

    /// Starts both, and ends them.
    ///
    /// - Parameter files: how many files the endpoint may have open; nil: as many as this process.
    static func with(
        _ options: [String] = [], settings: [String: String] = [:], files: Int? = nil,
        _ body: (SQSRig) async throws -> Void
    ) async throws {
        let rig = try await SQSRig(options, settings, files)
        do {
            try await body(rig)
        } catch {
            await rig.end()
            throw error
        }
        await rig.end()
    }
}
