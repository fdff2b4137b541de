import Foundation
import Lambda
import LambdaHost
import Model
import TestServers
import Testing

/// The Lambda API over HTTP.
@Suite struct LambdaAPITests {
    private static let role: JSON.Member = .init("Role", "arn:aws:iam::000000000000:role/r")
    private static let functions = "/2015-03-31/functions"

    /// A zip file, base64, of a runtime that answers its version and has been given the mode of a program.
    private static func code(version: String) async throws -> JSON {
        let folder = URL(filePath: "/tmp/headgate-zip-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = try String(contentsOfFile: LambdaRig.program, encoding: .utf8)
            .replacing("\"VERSION_TEXT\", \"1\"", with: "\"VERSION_TEXT\", \"\(version)\"")
            .replacing("\"pid\": os.getpid()", with: "\"pid\": os.getpid(), \"code\": \"\(version)\"")
        let program = folder.appending(path: "bootstrap")
        try ("#!/usr/bin/env python3\n" + text).write(to: program, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path())
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-m", "zipfile", "-c", "code.zip", "bootstrap"]
        process.currentDirectoryURL = folder
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        try process.runFunction()
        await process.ended()
        return .string(try Data(contentsOf: folder.appending(path: "code.zip")).base64EncodedString())
    }

    private static func creation(_ name: String, _ code: JSON, _ more: [JSON.Member] = []) -> JSON {
        .object(
            [
                .init("FunctionName", .string(name)), role, .init("Runtime", "provided.al2023"),
                .init("Handler", "any"), .init("Code", ["ZipFile": code]),
            ] + more)
    }

    private static func version(_ rig: LambdaRig, _ name: String = "z") async throws -> JSON? {
        try await rig.invoke(["do": "environment"], name).json["code"]
    }

    @Test func `a function is created from a zip file, invoked, updated, published, and deleted`() async throws {
        try await LambdaRig.with { rig in
            let first = try await Self.code(version: "one")
            let created = try await rig.call("POST", Self.functions, Self.creation("z", first))
            #expect(created.status == 201 && created.json["State"] == "Active" && created.json["Version"] == "$LATEST")
            #expect(created.json["CodeSize"]?.int ?? 0 > 500 && created.json["CodeSha256"]?.text?.count == 44)
            #expect(try await Self.version(rig) == "one")
            #expect(
                try await rig.call("POST", Self.functions, Self.creation("z", first)).type
                    == "ResourceConflictException")
            #expect(try await rig.call("POST", "\(Self.functions)/z/versions", .object([])).json["Version"] == "1")
            let second = try await Self.code(version: "two")
            let updated = try await rig.call("PUT", "\(Self.functions)/z/code", ["ZipFile": second])
            #expect(updated.status == 200 && updated.json["CodeSha256"] != created.json["CodeSha256"])
            #expect(try await Self.version(rig) == "two")
            #expect(try await Self.version(rig, "z:1") == "one")
            let alias = try await rig.call(
                "POST", "\(Self.functions)/z/aliases", ["Name": "live", "FunctionVersion": "1"])
            #expect(alias.status == 201)
            #expect(try await Self.version(rig, "z:live") == "one")
            let answer = try await rig.invoke([:], "arn:aws:lambda:us-east-1:000000000000:function:z:live")
            #expect(answer.headers["x-amz-executed-version"] == "1")
            #expect(try await rig.call("DELETE", "\(Self.functions)/z?Qualifier=1").type == "ResourceConflictException")
            #expect(try await rig.call("DELETE", "\(Self.functions)/z").status == 204)
            #expect(try await rig.call("GET", "\(Self.functions)/z").status == 404)
            #expect(try await rig.invoke([:], "z").type == "ResourceNotFoundException")
        }
    }

    @Test func `an alias divides invocations by its weights`() async throws {
        try await LambdaRig.with { rig in
            _ = try await rig.call("POST", Self.functions, Self.creation("z", try await Self.code(version: "one")))
            _ = try await rig.call("POST", "\(Self.functions)/z/versions", .object([]))
            _ = try await rig.call("PUT", "\(Self.functions)/z/code", ["ZipFile": try await Self.code(version: "two")])
            _ = try await rig.call("POST", "\(Self.functions)/z/versions", .object([]))
            for (weight, expected) in [(0.0, "1"), (1.0, "2")] {
                let path = "\(Self.functions)/z/aliases" + (weight == 0 ? "" : "/a")
                let answer = try await rig.call(
                    weight == 0 ? "POST" : "PUT", path,
                    [
                        "Name": "a", "FunctionVersion": "1",
                        "RoutingConfig": ["AdditionalVersionWeights": ["2": .integer(Int(weight))]],
                    ])
                #expect(answer.status < 300, "\(answer.body)")
                for _ in 0..<5 {
                    #expect(try await rig.invoke([:], "z:a").headers["x-amz-executed-version"] == expected)
                }
            }
        }
    }

    @Test func `functions, versions, aliases and settings outlive the runner`() async throws {
        let folder = "/tmp/headgate-lambda-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await LambdaRig.with(folder: folder) { rig in
            _ = try await rig.call("POST", Self.functions, Self.creation("z", try await Self.code(version: "one")))
            _ = try await rig.call("PUT", "/2017-10-31/functions/z/concurrency", ["ReservedConcurrentExecutions": 5])
        }
        try await LambdaRig.with(folder: folder) { rig in
            #expect(try await Self.version(rig) == "one")
            let answer = try await rig.call("GET", "/2019-09-30/functions/z/concurrency")
            #expect(answer.json["ReservedConcurrentExecutions"] == 5)
            let settings = try await rig.call("GET", "/2016-08-19/account-settings/")
            #expect(settings.json["AccountLimit"]?["UnreservedConcurrentExecutions"] == 995)
        }
    }

    @Test func `an archive that leaves its folder is refused, and nothing is created`() async throws {
        try await LambdaRig.with { rig in
            for text in ["not base64!", Data("no zip".utf8).base64EncodedString()] {
                let answer = try await rig.call("POST", Self.functions, Self.creation("z", .string(text)))
                #expect(answer.status == 400, "\(answer.body)")
            }
            #expect(try await rig.call("GET", Self.functions).json["Functions"] == [])
        }
    }

    @Test(arguments: [
        ("Origin", "https://example.com"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"),
        ("Host", "example.com:9325"),
    ])
    func `a page in a browser is refused`(name: String, value: String) async throws {
        try await LambdaRig.with { rig in
            let answer = try await rig.call("GET", Self.functions, headers: [(name, value)])
            #expect(answer.status == 403 && answer.type == "AccessDeniedException")
            #expect(try await rig.call("GET", Self.functions, headers: [("Host", "localhost:1")]).status == 200)
        }
    }

    @Test func `what functions of the topology reserve may move from one to another`() async throws {
        try await LambdaRig.with { rig in
            func functions(_ reserved: [(String, Int)]) -> [(configuration: FunctionConfiguration, reserved: Int?)] {
                var random = SystemRandomNumberGenerator()
                return reserved.map { name, count in
                    (
                        FunctionConfiguration(
                            name: name, command: ["sh"], modified: Timestamp(seconds: 0), revision: .v4(using: &random)),
                        count
                    )
                }
            }
            try await rig.service.define(functions([("a", 800), ("b", 50)]))
            try await rig.service.define(functions([("b", 800), ("a", 50)]))
            #expect(await rig.service.functions.reservedConcurrency == 850)
        }
    }

    // MARK: Invoke

    @Test func `row 40: limits, kinds of invocation and refusals`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define { $0.timeout = 20 }
            let path = "\(Self.functions)/f/invocations"
            func status(_ headers: [(String, String)] = [], _ body: [UInt8] = []) async throws -> (Int, String?) {
                let answer = try await rig.call("POST", path, body, headers: headers)
                return (answer.status, answer.type)
            }
            #expect(try await status([("X-Amz-Invocation-Type", "DryRun")]) == (204, nil))
            #expect(try await status([("X-Amz-Invocation-Type", "Other")]) == (400, "ValidationException"))
            #expect(try await status([], Array("{".utf8)) == (400, "InvalidRequestContentException"))
            let largest = Array("\"".utf8) + [UInt8](repeating: 97, count: 6_291_554) + Array("\"".utf8)
            #expect(
                try await status(
                    [],
                    Array("{\"do\":\"raw\",\"text\":\"1\",\"x\":\"".utf8) + [UInt8](repeating: 97, count: 6_000_000)
                        + Array("\"}".utf8)) == (200, nil))
            #expect(try await status([], largest + [32]) == (413, "RequestTooLargeException"))
            let event = Array("\"".utf8) + [UInt8](repeating: 97, count: 1_048_575) + Array("\"".utf8)
            #expect(try await status([("X-Amz-Invocation-Type", "Event")], event) == (413, "RequestTooLargeException"))
            let long = Data(("{\"a\":\"" + String(repeating: "x", count: 2_700) + "\"}").utf8).base64EncodedString()
            #expect(long.utf8.count > 3_583)
            for context in ["no base64", Data("[1]".utf8).base64EncodedString(), long] {
                #expect(
                    try await status([("X-Amz-Client-Context", context)]) == (400, "InvalidRequestContentException"))
            }
            #expect(try await rig.invoke([:], "other").status == 404)
            #expect(try await rig.invoke([:], "f:other").status == 404)
            #expect(
                try await rig.invoke([:], "arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3Afunction%3Af").status == 404)
            #expect(try await rig.invoke([:], "f%2x").status == 400)
            #expect(try await rig.call("GET", "/2099-01-01/nothing").type == "UnknownOperationException")
        }
    }

    @Test func `row 40: what is reserved throttles, and 0 always`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define(reserved: 1)
            async let slow = rig.invoke(["do": "sleep", "seconds": 1])
            try await eventually("it runs") { rig.log.count("START") == 1 }
            let answer = try await rig.invoke([:])
            #expect(answer.status == 429 && answer.type == "TooManyRequestsException")
            #expect(answer.json["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded")
            #expect(try await slow.body == "null")
            #expect(try await rig.invoke(["e": 5]).body == #"{"e": 5}"#)
            _ = try await rig.call("PUT", "/2017-10-31/functions/f/concurrency", ["ReservedConcurrentExecutions": 0])
            #expect(try await rig.invoke([:]).status == 429)
        }
    }

    // MARK: Asynchronous invocations

    @Test func `row 39: a failed event reaches its destination and its dead-letter queue`() async throws {
        try await LambdaRig.with { rig in
            for name in ["failed", "dead", "good"] { try await rig.queue(name) }
            try await rig.define { $0.deadLetterTarget = LambdaRig.queueARN + "dead" }
            let put = try await rig.call(
                "PUT", "/2019-09-25/functions/f/event-invoke-config",
                [
                    "MaximumRetryAttempts": 0,
                    "DestinationConfig": [
                        "OnFailure": ["Destination": .string(LambdaRig.queueARN + "failed")],
                        "OnSuccess": ["Destination": .string(LambdaRig.queueARN + "good")],
                    ],
                ])
            #expect(put.status == 200, "\(put.body)")
            let event = ("X-Amz-Invocation-Type", "Event")
            #expect(try await rig.invoke(["do": "error", "text": "no"], headers: [event]).status == 202)
            #expect(try await rig.invoke(["g": 7], headers: [event]).status == 202)
            for name in ["failed", "dead", "good"] {
                try await eventually("\(name) has one") { try await rig.counts(name)[0] == 1 }
            }
            let failed = try JSON(parsing: try await rig.take(from: "failed")[0]["Body"]?.text ?? "")
            #expect(failed["requestContext"]?["condition"] == "RetriesExhausted")
            #expect(failed["requestContext"]?["approximateInvokeCount"] == 1)
            #expect(failed["requestPayload"]?["text"] == "no" && failed["responsePayload"]?["errorType"] == "Sorry")
            let dead = try await rig.take(from: "dead")[0]
            #expect(dead["Body"] == #"{"do":"error","text":"no"}"#)
            #expect(dead["MessageAttributes"]?["ErrorMessage"]?["StringValue"] == "no")
            let good = try JSON(parsing: try await rig.take(from: "good")[0]["Body"]?.text ?? "")
            #expect(good["requestContext"]?["condition"] == "Success" && good["responsePayload"]?["g"] == 7)
        }
    }

    @Test func `row 39: a throttled event is tried again, also by the next runner`() async throws {
        let folder = "/tmp/headgate-lambda-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await LambdaRig.with(folder: folder) { rig in
            try await rig.define(reserved: 1) { $0.timeout = 60 }
            // Holds what is reserved until the runner ends.
            let slow = Task { try await rig.invoke(["do": "sleep", "seconds": 50]) }
            try await eventually("it runs") { rig.log.count("START") == 1 }
            for number in 1...3 {
                _ = try await rig.invoke(
                    ["do": "print", "text": .string("event \(number)")], headers: [("X-Amz-Invocation-Type", "Event")])
            }
            try await eventually("each has been tried") { await rig.service.eventLooks >= 6 }
            await rig.service.stop(grace: .zero)
            _ = await slow.result
            #expect(rig.log.count("event ") == 0)
        }
        try await LambdaRig.with(folder: folder) { rig in
            try await rig.define(reserved: 1)
            for number in 1...3 { try await eventually("event \(number)") { rig.log.count("event \(number)") >= 1 } }
        }
    }

    @Test func `an event that was being handled when the runner ended is handled again`() async throws {
        let folder = "/tmp/headgate-lambda-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await LambdaRig.with(folder: folder) { rig in
            try await rig.define { $0.timeout = 60 }
            _ = try await rig.invoke(["do": "sleep", "seconds": 6], headers: [("X-Amz-Invocation-Type", "Event")])
            try await eventually("it runs") { rig.log.count("START") == 1 }
        }
        try await LambdaRig.with(folder: folder) { rig in
            try await rig.define { $0.timeout = 60 }
            try await eventually("it ends") { rig.log.count("END") == 1 }
            try await eventually("and is over") {
                try FileManager.default.contentsOfDirectory(atPath: folder + "/events").isEmpty
            }
        }
    }

    @Test func `events that wait for their time take none of the machine's`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define(reserved: 1)
            async let slow = rig.invoke(["do": "sleep", "seconds": 4])
            try await eventually("it runs") { rig.log.count("START") == 1 }
            // Each is throttled, and waits for its next try.
            for _ in 0..<20 { _ = try await rig.invoke([:], headers: [("X-Amz-Invocation-Type", "Event")]) }
            // A loop without a pause looks a hundred thousand times a second.
            let looks = await rig.service.eventLooks
            try await Task.sleep(for: .seconds(1))
            #expect(await rig.service.eventLooks - looks < 200)
            #expect(try await slow.body == "null")
        }
    }
}
