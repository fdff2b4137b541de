import Foundation
import Model
import Postgres
import TestServers
import TestTarget
import Testing

/// Calls that cannot be made now are looked at less and less often, and at once when what they wait for changes.
@Suite(.serialized) struct HeldCallTests {
    /// How often calls have been held, by the metrics of a worker.
    private func held(_ metrics: String, _ reason: String = "") -> Int {
        let text = (try? String(contentsOfFile: metrics, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.hasPrefix("headgate_calls_held_back_total{reason=\"\(reason)") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0) { $0 + Int($1) }
    }

    private func withCluster(_ body: (Cluster, String) async throws -> Void) async throws {
        try await Cluster.with { it in
            let metrics = "/tmp/headgate-metrics-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: metrics) }
            try it.startAll(except: ["trigger-worker"])
            try it.start("trigger-worker", metrics: metrics)
            try await body(it, metrics)
        }
    }

    @Test func `calls that wait for a secret are made when it is there`() async throws {
        try await withCluster { it, metrics in
            let api = try await APIClient.start(it)
            let now = try await it.registry.now()
            let headers: JSON = ["Authorization": "Bearer ${secret.token}"]
            let url = JSON.string("http://127.0.0.1:\(it.target.port)/bearer/the-value")
            let document: JSON = [
                "action": ["http": ["url": url, "headers": headers]], "when": [["at": .time(now + .seconds(1))]],
            ]
            try await it.register((0..<60).map { ("s\($0)", document) }, tenant: "dev")
            // After 2, 4, 7 and 12 s or so: the next look is 10 s or more away for most of them.
            try await eventually("they have been held four times each") { held(metrics) >= 240 }
            let before = held(metrics)
            #expect(before < 420, "each a few times only")
            #expect(held(metrics, "settings") >= before)
            #expect(try await api.call("PUT", "/v1/secrets/token", #"{"value":"the-value"}"#).status == 201)
            try await eventually("all calls are made", within: .seconds(6)) {
                try await it.triggers(.delivered) == 60
            }
        }
    }

    @Test func `calls that wait for a dead host are made when it answers`() async throws {
        try await withCluster { it, metrics in
            let now = try await it.registry.now()
            let port = freePort()
            let document: JSON = [
                "action": ["http": ["url": .string("http://127.0.0.1:\(port)/x")]],
                "when": [["at": .time(now + .seconds(1))]],
                "retry": ["initial": "500ms", "cap": "2s", "maxAttempts": 60],
            ]
            try await it.register((0..<100).map { ("s\($0)", document) })
            try await eventually("they have been held") { held(metrics) >= 300 }
            #expect(held(metrics, "breaker") > 0)
            let server = try RawServer(port: port) { connection in
                while connection.readRequest() != nil { connection.answer("") }
            }
            defer { server.stop() }
            try await eventually("one call was tried") { !server.requests.isEmpty }
            try await eventually("all calls are made", within: .seconds(6)) {
                try await it.triggers(.delivered) == 100
            }
        }
    }
}
