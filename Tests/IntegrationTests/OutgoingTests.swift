import Foundation
import FunctionRuntime
import Model
import Postgres
import Store
import TestServers
import TestTarget
import Testing

/// What is recorded of targets that answer badly.
@Suite(.serialized) struct OutgoingTests {
    private func once(_ it: Cluster, _ url: String, at now: Timestamp, attempts: Int, timeout: String = "10s") -> JSON {
        [
            "action": ["http": ["url": .string(url), "timeout": .string(timeout)]], "when": [["at": .time(now)]],
            "retry": ["initial": "20ms", "maxAttempts": .integer(attempts)],
        ]
    }

    @Test func `a request that a target took and did not answer is one attempt and one call`() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer("first")
            // Read, and not answered: the connection ends.
            _ = connection.readRequest()
        }
        defer { server.stop() }
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register([
                ("first", once(it, "\(server.url)/first", at: now + .seconds(1), attempts: 1)),
                ("second", once(it, "\(server.url)/second", at: now + .seconds(3), attempts: 1)),
            ])
            try it.startAll()
            try await it.settled(2)
            #expect(try await it.trigger("first").state == .delivered)
            let second = try await it.trigger("second")
            #expect(second.state == .dead && second.attempts == 1)
            #expect(
                second.reason == "broken: the connection closed after the request had been sent, after 1 attempt")
            #expect(server.requests.count == 2)
        }
    }

    @Test func `one tenant's calls that take long do not silence another's`() async throws {
        let slow = try RawServer { connection in
            if connection.readRequest() != nil { connection.waitForClose() }
        }
        defer { slow.stop() }
        try await Cluster.with { it in
            let now = try await it.registry.now()
            let url = JSON.string("\(slow.url)/x")
            let document: JSON = [
                "action": ["http": ["url": url, "timeout": "5m"]], "when": [["at": .time(now + .seconds(1))]],
            ]
            try await it.register((0..<300).map { ("slow\($0)", document) }, tenant: "slow")
            try it.startAll(except: ["trigger-worker"])
            try it.start("trigger-worker", ["--concurrency", "45", "--batch", "20"])
            try await eventually("the slow calls have their share") { slow.requests.count >= 40 }
            try await it.register(
                [
                    (
                        "quick",
                        [
                            "action": ["http": ["url": .string("http://127.0.0.1:\(it.target.port)/ok")]],
                            "when": [["every": "1s"]],
                        ]
                    )
                ], tenant: "quick")
            try await eventually("others are called", within: .seconds(30)) { try await it.keysSeen() >= 8 }
            #expect(slow.requests.count == 40)
        }
    }

    @Test func `lists of allowed and denied targets are read, and mistakes are named`() throws {
        func settings(_ values: [String: String]) throws -> FunctionSettings {
            try FunctionSettings(needs: []) { values[$0] }
        }
        let read = try settings([
            "HEADGATE_ALLOW_TARGETS": "10.0.0.0/8,::1", "HEADGATE_DENY_TARGETS": "10.1.0.0/16,52.0.0.1",
        ])
        #expect(read.allowedTargets == [AddressBlock("10.0.0.0/8")!, AddressBlock("::1")!])
        #expect(read.deniedTargets == [AddressBlock("10.1.0.0/16")!, AddressBlock("52.0.0.1")!])
        let error = #expect(throws: FunctionSettings.InvalidSettings.self) {
            try settings(["HEADGATE_DENY_TARGETS": "10.0.0.0/8,inner"])
        }
        #expect(
            error?.description == "HEADGATE_DENY_TARGETS: \"inner\" is not an address block such as 10.0.0.0/8")
    }

    @Test func `the status of an answer that was cut is recorded, and final ones are not repeated`() async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            let status = request.contains("/404/") ? 404 : request.contains("/503/") ? 503 : 200
            connection.send("HTTP/1.1 \(status) Some\r\nContent-Length: 9\r\n\r\npart")
            if request.contains("/slow") { connection.waitForClose() }
        }
        defer { server.stop() }
        try await Cluster.with { it in
            let now = try await it.registry.now()
            func schedule(_ path: String, timeout: String = "10s") -> JSON {
                once(it, "\(server.url)\(path)", at: now + .seconds(1), attempts: 2, timeout: timeout)
            }
            try await it.register([
                ("cut200", schedule("/200/cut")), ("cut404", schedule("/404/cut")), ("cut503", schedule("/503/cut")),
                ("slow200", schedule("/200/slow", timeout: "500ms")),
            ])
            try it.startAll()
            try await it.settled(4)
            func record(_ name: ScheduleName) async throws -> (TriggerRow, [Int?], [String]) {
                let row = try await it.trigger(name)
                let attempts = TriggerOutcome.parse(row.log).outcomes
                return (row, attempts.map(\.status), attempts.map { String(decoding: $0.body, as: UTF8.self) })
            }
            let cut = "the answer is incomplete: broken: Transferred a partial file"
            let (taken, takenStatus, takenBody) = try await record("cut200")
            #expect(taken.state == .delivered && taken.reason == cut && takenStatus == [200] && takenBody == ["part"])
            let (refused, refusedStatus, _) = try await record("cut404")
            #expect(refused.state == .rejected && refused.reason == "status 404; \(cut)" && refusedStatus == [404])
            let (repeated, repeatedStatus, _) = try await record("cut503")
            #expect(repeated.state == .dead && repeatedStatus == [503, 503])
            let (slow, slowStatus, slowBody) = try await record("slow200")
            #expect(slow.state == .delivered && slowStatus == [200] && slowBody == ["part"])
            #expect(slow.reason == "the answer is incomplete: timeout: Timeout was reached")
            #expect(server.requests.count == 5)
        }
    }
}
