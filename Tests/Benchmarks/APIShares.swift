import Curl
import Foundation
import HTTP
import Model
import Postgres

/// API: how long a tenant's PUTs take while 50 connections send a byte a second and 200 lists of all triggers of another tenant are under
/// way, held against the same PUTs alone.
struct APIShares {
    let puts: Int
    private static let lists = 200
    private static let slow = 50
    private static let rows = 500_000

    func run(_ stand: BenchCluster) async throws -> [ResultRow] {
        try await stand.database.run(
            script: """
                insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at, deadline, tenant, name)
                select (at at time zone 'UTC')::date,
                    (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid,
                    0, 0, 5, 1, gen_random_uuid(), at, at, at, case when n % 4 = 0 then 'heavy' else 'others' end, 'API'
                from (select now() - n * interval '40 milliseconds' as at, n from generate_series(1, \(APIShares.rows)) n) t
                where at >= date_trunc('day', now())
                """)
        let (quiet, heavy) = (try await key(stand, "quiet"), try await key(stand, "heavy"))
        let alone = try await lateness(stand, quiet, "alone")
        let clock = ContinuousClock.now
        let (beside, answers) = try await withThrowingTaskGroup(of: [Int: Int].self) { group in
            let api = stand.api
            for _ in 0..<APIShares.lists { group.addTask { try await APIShares.list(api, heavy) } }
            for _ in 0..<APIShares.slow { group.addTask { await SlowConnection(api)?.run() ?? [:] } }
            try await Task.sleep(for: .seconds(2))
            let beside = try await lateness(stand, quiet, "beside")
            group.cancelAll()
            var answers: [Int: Int] = [:]
            for try await part in group { answers.merge(part) { $0 + $1 } }
            return (beside, answers)
        }
        let seconds = (ContinuousClock.now - clock).inSeconds
        let lists = answers.sorted { $0.key < $1.key }.map { "\($0.value) of \($0.key)" }.joined(separator: ", ")
        return [
            ResultRow(scenario: "API", what: "PUTs of a quiet tenant alone, p50 / p99", value: text(alone)),
            ResultRow(
                scenario: "API",
                what:
                    "the same beside \(APIShares.slow) slow connections and \(APIShares.lists) lists under way, p50 / p99",
                value: text(beside)),
            ResultRow(
                scenario: "API", what: "p99 beside, of p99 alone",
                value: String(format: "%.1fx", place(beside, 0.99) / place(alone, 0.99))),
            ResultRow(scenario: "API", what: "lists by status in \(Int(seconds)) s", value: lists),
        ]
    }

    private func key(_ stand: BenchCluster, _ tenant: String) async throws -> String {
        let body = Array(#"{"subject":"bench","tenant":"\#(tenant)","role":"admin"}"#.utf8)
        return try await stand.call("POST", "/v1/keys", body)["key"]!.text!
    }

    /// Seconds of each PUT, one after another.
    private func lateness(_ stand: BenchCluster, _ key: String, _ name: String) async throws -> [Double] {
        let client = HTTPClient()
        var times: [Double] = []
        for number in 0..<puts {
            let document = #"{"action":{"http":{"url":"\#(stand.target)/ok"}},"when":[{"every":"30d"}]}"#
            let start = ContinuousClock.now
            let response = try await client.execute(
                HTTPRequest(
                    method: "PUT", url: "\(stand.api)/v1/schedules/API-\(name)-\(number)",
                    headers: [("Authorization", "Bearer \(key)")], body: Array(document.utf8), timeout: .seconds(60)))
            times.append((ContinuousClock.now - start).inSeconds)
            guard response.status == 201 else { throw BenchError(description: "a PUT was answered \(response.status)") }
            // Not faster than its rate.
            try await Task.sleep(for: .milliseconds(5))
        }
        return times.sorted()
    }

    private static func list(_ api: String, _ key: String) async throws -> [Int: Int] {
        let client = HTTPClient()
        var answers: [Int: Int] = [:]
        while !Task.isCancelled {
            let request = HTTPRequest(
                url: "\(api)/v1/triggers?from=2000-01-01T00:00:00Z&state=dead&limit=1000",
                headers: [("Authorization", "Bearer \(key)")], timeout: .seconds(60))
            // Cut off at the end of the measurement.
            guard let response = try? await client.execute(request) else { break }
            answers[response.status, default: 0] += 1
            let wait = response.header("Retry-After").flatMap { Int($0) } ?? 0
            // Cancelled, it is over.
            if wait > 0 { try? await Task.sleep(for: .seconds(wait)) }
        }
        return answers
    }

    private func place(_ times: [Double], _ share: Double) -> Double { times[Int(Double(times.count - 1) * share)] }
    private func text(_ times: [Double]) -> String {
        String(format: "%.1f / %.1f ms", place(times, 0.5) * 1_000, place(times, 0.99) * 1_000)
    }
}

/// A client that sends a request by a byte a second, again and again.
private struct SlowConnection: Sendable {
    private let port: UInt16

    init?(_ api: String) {
        guard let port = api.split(separator: ":").last.flatMap({ UInt16($0) }) else { return nil }
        self.port = port
    }

    func run() async -> [Int: Int] {
        while !Task.isCancelled {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard code == 0 else { return [:] }
            for byte in "GET /v1/schedules HTTP/1.1\r\nHost: x\r\nX-Slow: 1".utf8 where !Task.isCancelled {
                var byte = byte
                guard send(socket, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 else { break }
                // Cancelled, it is over.
                try? await Task.sleep(for: .seconds(1))
            }
        }
        return [:]
    }
}
