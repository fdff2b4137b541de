import Foundation
import Lambda
import LambdaHost
import Model
import Synchronization
import TestServers
import Testing

/// Mappings with real functions; what they decide is tested without I/O in LambdaTests.
@Suite struct MappingRunnerTests {
    private static let mappings = "/2015-03-31/event-source-mappings"

    private static func mapping(_ queue: String, _ more: [JSON.Member] = []) -> JSON {
        .object(
            [.init("FunctionName", "f"), .init("EventSourceArn", .string(LambdaRig.queueARN + queue))] + more)
    }

    private static let reports = JSON.Member("FunctionResponseTypes", ["ReportBatchItemFailures"])

    /// Creates a mapping and waits until it is enabled; returns its UUID.
    private static func create(_ rig: LambdaRig, _ body: JSON) async throws -> String {
        let created = try await rig.call("POST", mappings + "/", body)
        #expect(created.status == 202 && created.json["State"] == "Creating", "\(created.body)")
        let uuid = try #require(created.json["UUID"]?.text)
        try await reaches(rig, uuid, "Enabled")
        return uuid
    }

    private static func reaches(_ rig: LambdaRig, _ uuid: String, _ state: JSON) async throws {
        try await eventually("\(uuid) is \(state)") {
            try await rig.call("GET", "\(mappings)/\(uuid)").json["State"] == state
        }
    }

    @Test func `messages invoke the function in batches and are deleted, and what it names as failed comes again`()
        async throws
    {
        try await LambdaRig.with { rig in
            try await rig.queue("dead")
            let policy: JSON = ["deadLetterTargetArn": .string(LambdaRig.queueARN + "dead"), "maxReceiveCount": 2]
            try await rig.queue(
                "q", ["VisibilityTimeout": "5", "RedrivePolicy": .string(policy.description)])
            try await rig.define { $0.timeout = 3 }
            _ = try await Self.create(rig, Self.mapping("q", [Self.reports]))
            try await rig.send((0..<25).map { "m\($0)" } + ["fail"], to: "q")
            try await eventually("all but one are gone") { try await rig.counts("q") == [0, 1] }
            try await eventually("that one is a dead letter") { try await rig.counts("dead") == [1, 0] }
            for number in 0..<25 { #expect(rig.log.count("message m\(number) ") >= 1) }
            #expect(rig.log.count("message fail 1") == 1 && rig.log.count("message fail 2") == 1)
        }
    }

    @Test func `a batch gathers in its window`() async throws {
        try await LambdaRig.with { rig in
            try await rig.queue("q")
            try await rig.define { $0.timeout = 3 }
            _ = try await Self.create(
                rig, Self.mapping("q", [.init("BatchSize", 100), .init("MaximumBatchingWindowInSeconds", 2)]))
            try await rig.send((0..<30).map { "m\($0)" }, to: "q")
            try await eventually("all are gone") { try await rig.counts("q") == [0, 0] }
            #expect(rig.log.count("message m") == 30 && rig.log.count("START") <= 2)
        }
    }

    @Test func `a mapping is listed, changed, disabled and deleted`() async throws {
        try await LambdaRig.with { rig in
            try await rig.queue("q")
            try await rig.queue("other")
            try await rig.define { $0.timeout = 3 }
            let uuid = try await Self.create(rig, Self.mapping("q"))
            let twice = try await rig.call("POST", Self.mappings, Self.mapping("q"))
            #expect(twice.status == 409 && twice.json["Message"]?.text?.contains(uuid) == true)
            _ = try await Self.create(rig, Self.mapping("other"))
            let list = try await rig.call(
                "GET", "\(Self.mappings)?EventSourceArn=\(LambdaRig.queueARN)q&FunctionName=f")
            #expect(list.json["EventSourceMappings"]?.elements?.map { $0["UUID"] } == [.string(uuid)])
            let disabled = try await rig.call("PUT", "\(Self.mappings)/\(uuid)", ["Enabled": false])
            #expect(disabled.status == 202 && disabled.json["State"] == "Disabling")
            try await Self.reaches(rig, uuid, "Disabled")
            try await rig.send(["m1"], to: "q")
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await rig.counts("q") == [1, 0])
            _ = try await rig.call("PUT", "\(Self.mappings)/\(uuid)", ["Enabled": true, "BatchSize": 1])
            try await Self.reaches(rig, uuid, "Enabled")
            try await eventually("it is handled") { try await rig.counts("q") == [0, 0] }
            let deleted = try await rig.call("DELETE", "\(Self.mappings)/\(uuid)")
            #expect(deleted.status == 202 && deleted.json["State"] == "Deleting")
            try await eventually("it is gone") {
                try await rig.call("GET", "\(Self.mappings)/\(uuid)").status == 404
            }
        }
    }

    @Test func `a mapping whose function is gone can be disabled`() async throws {
        try await LambdaRig.with { rig in
            try await rig.queue("q")
            try await rig.define { $0.timeout = 3 }
            let uuid = try await Self.create(rig, Self.mapping("q"))
            try await rig.define(["other"])
            #expect(try await rig.call("PUT", "\(Self.mappings)/\(uuid)", ["Enabled": false]).status == 202)
            try await Self.reaches(rig, uuid, "Disabled")
            #expect(try await rig.call("PUT", "\(Self.mappings)/\(uuid)", ["Enabled": true]).status == 404)
        }
    }

    @Test func `a queue that cannot be read now is not taken for one that does not exist`() async throws {
        try await LambdaRig.with { rig in
            try await rig.queue("q")
            try await rig.define { $0.timeout = 3 }
            rig.queues.isOut.store(true, ordering: .relaxed)
            #expect(try await rig.call("POST", Self.mappings, Self.mapping("q")).type == "ServiceException")
            rig.queues.isOut.store(false, ordering: .relaxed)
            _ = try await Self.create(rig, Self.mapping("q"))
        }
    }

    @Test func `a mapping that cannot be read is not dropped in silence`() async throws {
        let folder = "/tmp/headgate-lambda-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let queues = MemoryQueues()
        try await LambdaRig.with(folder: folder, queues: queues) { rig in
            try await rig.queue("q")
            try await rig.define { $0.timeout = 3 }
            _ = try await Self.create(rig, Self.mapping("q"))
        }
        let file = "\(folder)/mappings.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let damaged = text.replacing("arn:aws:sqs", with: "").replacing("uuid", with: "uid")
        try damaged.write(toFile: file, atomically: true, encoding: .utf8)
        await #expect(throws: (any Error).self) { try await LambdaRig.with(folder: folder, queues: queues) { _ in } }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == damaged)
    }

    @Test func `mappings that cannot work are refused`() async throws {
        try await LambdaRig.with { rig in
            try await rig.queue("q", ["VisibilityTimeout": "2"])
            try await rig.queue("q.fifo", ["FifoQueue": "true"])
            try await rig.define { $0.timeout = 3 }
            func message(_ body: JSON) async throws -> String {
                let answer = try await rig.call("POST", Self.mappings, body)
                return "\(answer.status) \(answer.json["Message"]?.text ?? "")"
            }
            #expect(try await message(Self.mapping("q")).contains("is less than Function timeout: 3 seconds"))
            #expect(try await message(Self.mapping("none")).contains("NonExistentQueue"))
            #expect(
                try await message(Self.mapping("q.fifo", [.init("MaximumBatchingWindowInSeconds", 1)]))
                    .hasPrefix("400 Batching window is not supported"))
            #expect(try await message(["FunctionName": "none", "EventSourceArn": "x"]).hasPrefix("404"))
            #expect(
                try await message(
                    Self.mapping("q.fifo", [.init("FilterCriteria", ["Filters": [["Pattern": "{"]]])])
                )
                .hasPrefix("400 Invalid filter pattern definition."))
        }
    }

    @Test func `a mapping outlives the runner, and one that the topology no longer has ends`() async throws {
        let folder = "/tmp/headgate-lambda-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let queues = MemoryQueues()
        func wanted(_ name: String) -> LambdaService.TopologyMapping {
            .init(queueARN: LambdaRig.queueARN + name, function: "f", settings: [.init("BatchSize", 5)])
        }
        try await LambdaRig.with(folder: folder, queues: queues) { rig in
            for name in ["a", "b", "c"] { try await rig.queue(name) }
            try await rig.define { $0.timeout = 3 }
            _ = try await Self.create(rig, Self.mapping("a"))
            try await rig.service.startMappings([wanted("b"), wanted("c")])
            try await eventually("three") {
                await rig.service.eventSources.mappings.count { $0.state == .enabled } == 3
            }
        }
        try await LambdaRig.with(folder: folder, queues: queues) { rig in
            try await rig.define { $0.timeout = 3 }
            try await rig.service.startMappings([wanted("b")])
            for name in ["a", "b"] {
                try await rig.send(["message to \(name)"], to: name)
                try await eventually("\(name) is handled") { rig.log.count("message to \(name)") == 1 }
            }
            try await eventually("c's has ended") { await rig.service.eventSources.mappings.count == 2 }
        }
    }

    @Test func `what a function has when the mapping ends is settled`() async throws {
        try await LambdaRig.with { rig in
            try await rig.queue("q")
            try await rig.define { $0.timeout = 3 }
            let uuid = try await Self.create(rig, Self.mapping("q"))
            try await rig.send(["sleep 1"], to: "q")
            try await eventually("it runs") { rig.log.count("message sleep") == 1 }
            _ = try await rig.call("PUT", "\(Self.mappings)/\(uuid)", ["Enabled": false])
            try await Self.reaches(rig, uuid, "Disabled")
            #expect(try await rig.counts("q") == [0, 0])
        }
    }
}
