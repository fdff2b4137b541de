import Glibc
import LocalRunner
import Model
import Processes
import TestServers
import Testing

@testable import ComputeGateway

/// The churn example from source to registered model, and what is refused on the way.
@Suite struct ComputeGatewayExampleTests {
    private func outputs(_ rig: GatewayRig, _ step: String, _ key: String, _ inputs: JSON) async throws -> JSON {
        let result = try await rig.result(step, key: key, inputs)
        return try #require(result["outputs"], "\(result)")
    }

    private func text(_ reference: JSON) throws -> String {
        let path = try #require(reference["uri"]?.text.flatMap(FileURI.path))
        return try #require(LocalFile.text(path))
    }

    @Test(arguments: [("acme", 0.8...0.9), ("globex", 0.8...0.9), ("initech", 0.5...0.6)])
    func `the tenants' models are as good as their data`(tenant: String, area: ClosedRange<Double>) async throws {
        try await GatewayRig.with { rig in
            let prepared = try await outputs(rig, "transform", "e/t/1", ["source": GatewayRig.source(tenant)])
            let dataset = try #require(prepared["dataset"])
            let holdout = try #require(prepared["holdout"])
            let trained = try await outputs(rig, "train", "e/m/1", ["dataset": dataset])
            let model = try #require(trained["model"])
            #expect(try #require(trained["metrics"]?["loss"]?.double) < 0.6931)
            let judged = try await outputs(rig, "evaluate", "e/e/1", ["model": model, "dataset": holdout])
            let found = try #require(judged["metrics"]?["auc"]?.double)
            #expect(area.contains(found), "\(tenant): \(found)")
            #expect(try text(try #require(judged["evaluation"])).contains("\"auc\": \(found)"))
            let registered = try await outputs(
                rig, "register", "e/r/1", ["model": model, "metrics": try #require(judged["metrics"])])
            #expect(registered["model"]?["uri"]?.text?.hasSuffix("/models/\(tenant)/v1.json") == true)
            #expect(registered["model"]?["digest"] == model["digest"])
            #expect(try text(try #require(registered["model"])) == text(model))
        }
    }

    @Test func `a key registers one version, even if its result was lost`() async throws {
        try await GatewayRig.with { rig in
            let directory = try #require(LocalFile.absolute(rig.directory))
            let model = LogisticModel(features: ["a"], intercept: 0, coefficients: [1])
            try LocalFile.write(model.json.description, to: "\(directory)/data/m.json")
            let inputs: JSON = ["model": ["uri": .string("file://\(directory)/data/m.json")], "name": "churn"]
            func version(_ key: String) async throws -> String? {
                try await outputs(rig, "register", key, inputs)["model"]?["uri"]?.text?
                    .split(separator: "/").last.map(String.init)
            }
            #expect(try await version("e/r/1") == "v1.json")
            #expect(try await version("e/r/2") == "v2.json")
            try await rig.stop()
            for name in LocalFile.names(in: "\(directory)/gateway/results") {
                unlink("\(directory)/gateway/results/\(name)")
            }
            try await rig.start()
            #expect(try await rig.call("register", key: "e/r/1", inputs).status == 202)
            try await eventually("the result again") { rig.receiver.results("e/r/1").count == 2 }
            #expect(rig.receiver.results("e/r/1")[0] == rig.receiver.results("e/r/1")[1])
            #expect(try await version("e/r/3") == "v3.json")
        }
    }

    @Test func `a file outside the permitted directories is not read, by whatever name`() async throws {
        try await GatewayRig.with { rig in
            let data = "\(rig.directory)/data"
            try LocalFile.write("customer,a,churned\n", to: "\(rig.directory)/secret.csv")
            symlink("\(rig.directory)/secret.csv", "\(data)/link.csv")
            symlink(rig.directory, "\(data)/up")
            let uris = [
                "file://\(rig.directory)/secret.csv", "file://\(data)/../secret.csv", "file://\(data)/link.csv",
                "file://\(data)/%2e%2e/secret.csv", "file://\(data)/up/secret.csv", "file:///etc/passwd",
                "file:///no/such", "file://\(data)x/a.csv",
            ]
            for (number, uri) in uris.enumerated() {
                let result = try await rig.result("transform", key: "e/t/\(number)", ["source": ["uri": .string(uri)]])
                #expect(result["error"]?["class"] == "user")
                #expect(result["error"]?["message"]?.text?.contains("--data") == true, "\(uri): \(result)")
            }
        }
    }

    @Test func `bad input fails with class user, and says what, where and what to do`() async throws {
        try await GatewayRig.with { rig in
            let data = "\(rig.directory)/data"
            func file(_ name: String, _ text: String) throws -> JSON {
                try LocalFile.write(text, to: "\(data)/\(name)")
                return ["uri": .string("file://\(data)/\(name)")]
            }
            let many = (0..<40).map { "c\($0),\($0),1\n" }.joined()
            let model = LogisticModel(features: ["z"], intercept: 0, coefficients: [1]).json.description
            let both = "customer,a,churned\nc,1,1\nd,2,0\n"
            let changed: JSON = [
                "uri": try #require(try file("changed.csv", both)["uri"]), "digest": "sha256:00",
            ]
            let calls: [(String, JSON, String)] = [
                ("transform", [:], "inputs.source is missing"),
                ("transform", ["source": ["uri": .string("file://\(data)/none.csv")]], "there is no file"),
                ("transform", ["source": ["uri": .string("file://\(data)")]], "outside"),
                ("transform", ["source": ["uri": "s3://bucket/a.csv"]], "file:///"),
                ("transform", ["source": try file("label.csv", "customer,a\nc,1\n")], "churned"),
                ("transform", ["source": try file("few.csv", both)], "at least 20"),
                ("transform", ["source": try file("one.csv", "customer,a,churned\n" + many)], "both classes"),
                (
                    "transform", ["source": try file("f.csv", both), "transformation": try file("t.json", "{")],
                    "inputs.transformation"
                ),
                ("train", ["dataset": try file("d1.csv", "customer,a,churned\n" + many)], "both classes"),
                ("train", ["dataset": try file("d2.csv", both), "epochs": 0], "inputs.epochs"),
                ("train", ["dataset": try file("d3.csv", both), "learningRate": "fast"], "inputs.learningRate"),
                ("train", ["dataset": changed], "digest"),
                ("evaluate", ["model": try file("m1.json", "{}"), "dataset": try file("d4.csv", both)], "no model"),
                ("evaluate", ["model": try file("m2.json", model), "dataset": try file("d5.csv", both)], "features"),
                ("register", ["model": try file("m3.json", model), "name": "../up"], "inputs.name"),
            ]
            for (number, (step, inputs, part)) in calls.enumerated() {
                let result = try await rig.result(step, key: "e/\(step)/\(number)", inputs)
                #expect(result["error"]?["class"] == "user", "\(inputs): \(result)")
                #expect(result["error"]?["message"]?.text?.contains(part) == true, "\(part): \(result)")
            }
        }
    }

    @Test func `a transformation drops columns`() async throws {
        try await GatewayRig.with { rig in
            try LocalFile.write(#"{"drop": ["monthly_charge"]}"#, to: "\(rig.directory)/data/t.json")
            let inputs: JSON = [
                "source": GatewayRig.source("acme"),
                "transformation": ["uri": .string("file://\(rig.directory)/data/t.json")],
            ]
            let prepared = try await outputs(rig, "transform", "e/t/1", inputs)
            let header = try text(try #require(prepared["dataset"])).split(separator: "\n").first
            #expect(header == "customer,tenure_months,support_calls,logins_last_month,churned")
        }
    }
}
