import Foundation
import Glibc
import Model
import Queue
import Redis
import TestServers

/// S6: from the spawn of a trigger-worker, with one message waiting in a Redis of its own, to its call arriving at a socket of
/// ours.
struct ColdStart {
    func run(programs: URL) async throws -> [ResultRow] {
        let redis = try await TestServer.redis()
        defer { redis.stop() }
        let queue = RedisQueue(
            name: .triggers, configuration: QueueConfiguration(shards: 4), url: try RedisURL(redis.redisURL),
            outcomes: .outcomes)
        var times: [Double] = []
        for index in 0..<21 {
            let time = try await once(programs, redis: redis.redisURL, queue: queue, index: index)
            // The first reads the program from the disk.
            if index > 0 { times.append(time) }
        }
        times.sort()
        return [
            ResultRow(
                scenario: "S6", what: "spawn of trigger-worker to its first call at the target, p50 / max of 20",
                value: String(format: "%.1f / %.1f ms", times[10], times[19])),
            ResultRow(
                scenario: "S6", what: "bytes of Redis per queued message with a body of 300 bytes",
                value: "\(try await bytesPerMessage(redis: redis.redisURL, queue: queue))"),
        ]
    }

    private func bytesPerMessage(redis: String, queue: RedisQueue) async throws -> Int {
        let connection = RedisConnection(url: try RedisURL(redis))
        func used() async throws -> Int {
            let info = try await connection.call([RedisCommand("INFO", "memory")])[0].text ?? ""
            let line = info.split(separator: "\r\n").first { $0.hasPrefix("used_memory:") }
            return line.flatMap { Int($0.dropFirst("used_memory:".utf8.count)) } ?? 0
        }
        let before = try await used()
        let count = 20_000
        for start in stride(from: 0, to: count, by: 1_000) {
            _ = try await queue.send(
                (start..<start + 1_000).map { index in
                    let key = TriggerKey(
                        schedule: ScheduleID(high: UInt64(index), low: 7), kind: .manual, revision: 1,
                        occurrence: .epoch)
                    return OutgoingMessage(
                        id: MessageID(key.id()), tenant: "t\(index % 1_000)", body: Array(repeating: 120, count: 300))
                })
        }
        return (try await used() - before) / count
    }

    private func once(_ programs: URL, redis: String, queue: RedisQueue, index: Int) async throws -> Double {
        let listener = try Listener()
        defer { listener.stop() }
        let now = Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
        let key = TriggerKey(
            schedule: ScheduleID(high: UInt64(index), low: 6), kind: .manual, revision: 1, occurrence: now)
        let action = HTTPAction(url: "http://127.0.0.1:\(listener.port)/cold")
        let trigger = TriggerMessage(
            id: key.id(), kind: .manual, redrive: 0, occurrence: now, plannedAt: now, deadline: now + .seconds(600),
            tenant: "cold", schedule: "cold",
            action: ActionRecord(action: .http(action), retry: RetryPolicy()).encoded)
        _ = try await queue.send([
            OutgoingMessage(id: MessageID(trigger.id), tenant: "cold", body: trigger.encoded)
        ])
        let process = Process()
        process.executableURL = programs.appending(path: "trigger-worker")
        process.environment = ["HEADGATE_REDIS": redis, "HEADGATE_ALLOW_TARGETS": "127.0.0.0/8"]
        process.standardError = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.runUnblocked()
        listener.answerOne()
        let elapsed = ContinuousClock.now - start
        process.terminate()
        process.waitUntilExit()
        return elapsed.inSeconds * 1_000
    }
}

/// A socket that takes one request and answers 200.
private struct Listener {
    private let descriptor: Int32
    let port: Int

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 4) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw BenchError(description: "no port for S6") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Returns when a request has arrived; answers it.
    func answerOne() {
        let connection = accept(descriptor, nil, nil)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        _ = read(connection, &buffer, buffer.count)
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        _ = write(connection, answer, answer.count)
        close(connection)
    }

    func stop() { close(descriptor) }
}
