import ComputeGateway
import LocalRunner
import Model
import Processes
import TestServers
import Testing

/// The gateway over real sockets, with a receiver of its callbacks.
@Suite struct ComputeGatewayTests {
    /// A small table that can be learnt from.
    private func write(_ name: String, _ rig: GatewayRig, rows: Int = 60) throws -> JSON {
        let lines = (0..<rows).map { "c\($0),\($0),\($0 % 7),\($0 * 2 > rows ? 1 : 0)\n" }
        try LocalFile.write("customer,a,b,churned\n\(lines.joined())", to: "\(rig.directory)/data/\(name)")
        return ["uri": .string("file://\(rig.directory)/data/\(name)")]
    }

    @Test func `a call is accepted, and its work reported from the beginning to the result`() async throws {
        try await GatewayRig.with { rig in
            let source = try write("a.csv", rig)
            let result = try await rig.result("transform", key: "e/transform/1", ["source": source])
            #expect(result["status"] == "succeeded")
            let reports = rig.receiver.reports("e/transform/1")
            #expect(reports.first == ["status": "running"] && reports.last == result)
            let progress = reports.first { $0["status"] == "progress" }
            #expect(progress?["metrics"] == ["rows": 60, "droppedRows": 0])
            let dataset = try #require(result["outputs"]?["dataset"])
            let path = try #require(dataset["uri"]?.text).dropFirst("file://".count)
            let text = try #require(LocalFile.text(String(path)))
            #expect(dataset["size"] == .integer(text.utf8.count) && dataset["mediaType"] == "text/csv")
            #expect(dataset["digest"]?.text?.hasPrefix("sha256:") == true)
            #expect(result["outputs"]?["holdout"]?["uri"] != dataset["uri"])
            try await eventually("the count") { try await rig.count("transform", "succeeded") == 1 }
        }
    }

    @Test func `a key that is repeated is computed once, and its result posted again`() async throws {
        try await GatewayRig.with { rig in
            try await rig.behave(["step": "transform", "mode": "slow", "delay": "2s", "times": 1])
            let inputs: JSON = ["source": try write("a.csv", rig)]
            #expect(try await rig.call("transform", key: "e/transform/1", inputs).status == 202)
            let early = try await rig.call("transform", key: "e/transform/1", inputs)
            #expect(early.status == 409 && early.json == ["running": true])
            try await eventually("the result") { rig.receiver.results("e/transform/1").count == 1 }
            let late = try await rig.call("transform", key: "e/transform/1", inputs)
            #expect(late.status == 409 && late.json == ["running": false])
            try await eventually("the result again") { rig.receiver.results("e/transform/1").count == 2 }
            let results = rig.receiver.results("e/transform/1")
            #expect(results[0] == results[1])
            #expect(try await rig.count("transform", "begun") == 1)
            #expect(try await rig.count("transform", "repeated") == 2)
        }
    }

    @Test func `after a restart an ended key gets its answer, and an interrupted one is begun again`() async throws {
        try await GatewayRig.with { rig in
            let inputs: JSON = ["source": try write("a.csv", rig)]
            let result = try await rig.result("transform", key: "e/transform/1", inputs)
            try await rig.behave(["step": "transform", "mode": "slow", "delay": "1h"])
            #expect(try await rig.call("transform", key: "f/transform/1", inputs).status == 202)
            try await eventually("it runs") { !rig.receiver.reports("f/transform/1").isEmpty }
            try await rig.stop()
            try await rig.start()
            let repeated = try await rig.call("transform", key: "e/transform/1", inputs)
            #expect(repeated.status == 409 && repeated.json == ["running": false])
            try await eventually("the answer again") { rig.receiver.results("e/transform/1") == [result, result] }
            #expect(try await rig.count("transform", "begun") == 0)
            let again = try await rig.result("transform", key: "f/transform/1", inputs)
            #expect(again["status"] == "succeeded")
        }
    }

    @Test func `a cancel ends the work of a step, and its key is not begun again`() async throws {
        try await GatewayRig.with { rig in
            try await rig.behave(["step": "transform", "mode": "slow", "delay": "1h"])
            let inputs: JSON = ["source": try write("a.csv", rig)]
            #expect(try await rig.call("transform", key: "e/transform/2", inputs).status == 202)
            try await eventually("it runs") { !rig.receiver.reports("e/transform/2").isEmpty }
            let late = try await rig.request("POST", "/v1/cancel", key: "e/transform/1")
            #expect(late.status == 200 && late.json == ["cancelled": false])
            let cancel = try await rig.request("POST", "/v1/cancel", key: "e/transform/2")
            #expect(cancel.json == ["cancelled": true])
            try await eventually("it ends") { try await rig.count("transform", "cancelled") == 1 }
            #expect(rig.receiver.results("e/transform/2").isEmpty)
            let repeated = try await rig.call("transform", key: "e/transform/2", inputs)
            #expect(repeated.status == 409)
            try await eventually("it says so") { rig.receiver.results("e/transform/2").count == 1 }
            #expect(rig.receiver.results("e/transform/2")[0]["error"]?["class"] == "platform")
            #expect(try await rig.count("transform", "begun") == 1)
        }
    }

    @Test func `a vanished work is accepted and never reported, until it is cancelled`() async throws {
        try await GatewayRig.with { rig in
            let inputs: JSON = ["source": try write("a.csv", rig)]
            try await rig.behave(["step": "transform", "mode": "vanish", "times": 1])
            #expect(try await rig.call("transform", key: "e/transform/1", inputs).status == 202)
            _ = try await rig.result("transform", key: "f/transform/1", inputs)
            #expect(rig.receiver.reports("e/transform/1").isEmpty)
            #expect(try await rig.call("transform", key: "e/transform/1", inputs).json == ["running": true])
            #expect(try await rig.request("POST", "/v1/cancel", key: "e/transform/1").json == ["cancelled": true])
        }
    }

    @Test func `faults are met as often as asked, and only where the tenant occurs`() async throws {
        try await GatewayRig.with { rig in
            let a: JSON = ["source": try write("acme.csv", rig)]
            let b: JSON = ["source": try write("globex.csv", rig)]
            try await rig.behave(["step": "transform", "mode": "fail", "times": 2, "tenant": "acme"])
            #expect(try await rig.result("transform", key: "b/t/1", b)["status"] == "succeeded")
            for attempt in 1...2 {
                let failed = try await rig.result("transform", key: "a/t/\(attempt)", a)
                #expect(failed["status"] == "failed" && failed["error"]?["class"] == "platform")
            }
            #expect(try await rig.result("transform", key: "a/t/3", a)["status"] == "succeeded")
            try await rig.behave(["step": "transform", "mode": "refuse", "times": 1])
            #expect(try await rig.call("transform", key: "a/t/4", a).status == 503)
            try await rig.behave(["step": "transform", "mode": "twice", "times": 1])
            _ = try await rig.result("transform", key: "a/t/4", a)
            try await eventually("the result twice") { rig.receiver.results("a/t/4").count == 2 }
            #expect(try await rig.request("GET", "/behavior").json == ["rules": []])
        }
    }

    @Test func `a callback answered 5xx is sent again, and one answered 4xx is not`() async throws {
        try await GatewayRig.with { rig in
            let inputs: JSON = ["source": try write("none.csv", rig, rows: 1)]
            // The reports are running, progress and the result.
            rig.receiver.answer([503, 500])
            _ = try await rig.result("register", key: "e/r/1", ["model": ["uri": "file:///nowhere"]])
            try await eventually("the count") { try await rig.count("register", "callbacksSent") ?? 0 >= 1 }
            rig.receiver.answer([404, 404, 404])
            #expect(try await rig.call("transform", key: "e/t/1", inputs).status == 202)
            try await eventually("all are refused") { try await rig.count("transform", "callbacksRefused") == 3 }
            #expect(rig.receiver.reports("e/t/1").isEmpty)
        }
    }

    @Test func `a call without callback, inputs or headers is told what to send`() async throws {
        try await GatewayRig.with { rig in
            let body: JSON = ["inputs": [:], "callback": "http://127.0.0.1:1/"]
            let calls: [(String?, JSON, String)] = [
                ("e/t/1", ["inputs": [:]], "callback"), ("e/t/1", ["callback": "http://x"], "inputs"),
                (nil, body, "Idempotency-Key"), ("e/t/1", ["inputs": [:], "callback": "ftp://x"], "http"),
            ]
            for (key, body, part) in calls {
                let answer = try await rig.request("POST", "/v1/transform", key: key, body: body)
                #expect(answer.status == 400 && answer.json["error"]?.text?.contains(part) == true, "\(answer)")
            }
            #expect(try await rig.request("POST", "/v1/fly", key: "e/t/1", body: body).status == 404)
            let long = String(repeating: "x", count: 1 << 20)
            #expect(try await rig.request("POST", "/v1/train", key: "e/t/1", body: .string(long)).status == 413)
            #expect(try await rig.request("GET", "/healthz").status == 200)
        }
    }

    @Test func `a second gateway on a directory is refused`() async throws {
        try await GatewayRig.with { rig in
            let second = GatewayServer.Configuration(directory: "\(rig.directory)/gateway")
            let error = await #expect(throws: GatewayError.self) {
                try await GatewayServer.start(second, http: rig.client)
            }
            #expect(error?.message.contains("--directory") == true)
        }
    }
}
