import Foundation
import Model
import Queue
import Redis
import TestServers

/// HELD: calls that cannot be made now, for a missing secret, in a Redis of their own; what they cost while they wait.
struct HeldCalls {
    let count: Int

    func run(programs: URL) async throws -> [ResultRow] {
        let redis = try await TestServer.redis()
        defer { redis.stop() }
        let queue = RedisQueue(
            name: .triggers, configuration: QueueConfiguration(shards: 4), url: try RedisURL(redis.redisURL),
            outcomes: .outcomes)
        let worker = Process()
        worker.executableURL = programs.appending(path: "trigger-worker")
        worker.environment = ["HEADGATE_REDIS": redis.redisURL, "HEADGATE_LOG": "error"]
        try worker.runUnblocked()
        defer {
            worker.terminate()
            worker.waitUntilExit()
        }
        let processes = [Int(worker.processIdentifier), Int(redis.pid)]
        // It begins: what it costs to wait for nothing is measured after that.
        try await Task.sleep(for: .seconds(3))
        let idle = try await HeldCalls.shares(of: processes, during: .seconds(20))
        try await send(to: queue)
        while true {
            let state = try await queue.statistics()
            if state.delayed >= count * 99 / 100 && state.inFlight < 100 { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let shares = try await HeldCalls.shares(of: processes, during: .seconds(60))
        let state = try await queue.statistics()
        let more = shares.reduce(0, +) - idle.reduce(0, +)
        return [
            ResultRow(
                scenario: "HELD", what: "a worker without work, of one core: worker / Redis",
                value: String(format: "%.2f %% / %.2f %%", idle[0], idle[1])),
            ResultRow(
                scenario: "HELD", what: "the same while \(count) calls of a tenant wait for its secret",
                value: String(format: "%.2f %% / %.2f %%, %.2f %% more", shares[0], shares[1], more),
                isFailure: !(more < 1) || state.ready + state.delayed + state.inFlight != count),
        ]
    }

    private static func shares(of processes: [Int], during time: Duration) async throws -> [Double] {
        let before = processes.map { processorSeconds($0) }
        let start = ContinuousClock.now
        try await Task.sleep(for: time)
        let elapsed = (ContinuousClock.now - start).inSeconds
        return zip(processes, before).map { (processorSeconds($0) - $1) / elapsed * 100 }
    }

    private func send(to queue: RedisQueue) async throws {
        let now = Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
        let action = HTTPAction(
            url: "http://127.0.0.1:9/held", headers: [.init(name: "Authorization", value: "Bearer ${secret.gone}")])
        let record = ActionRecord(action: .http(action), retry: RetryPolicy()).encoded
        for start in stride(from: 0, to: count, by: 1_000) {
            _ = try await queue.send(
                (start..<min(start + 1_000, count)).map { index in
                    let key = TriggerKey(
                        schedule: ScheduleID(high: UInt64(index), low: 13), kind: .manual, revision: 1, occurrence: now)
                    let trigger = TriggerMessage(
                        id: key.id(), kind: .manual, redrive: 0, occurrence: now, plannedAt: now,
                        deadline: now + .seconds(86_400), tenant: "held", schedule: "held", action: record)
                    return OutgoingMessage(id: MessageID(trigger.id), tenant: "held", body: trigger.encoded)
                })
        }
    }

    private static func processorSeconds(_ process: Int) -> Double {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let close = stat.lastIndex(of: ")")
        else { return .nan }
        let fields = stat[stat.index(close, offsetBy: 2)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
