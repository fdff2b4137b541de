import Foundation
import Glibc
import Lambda
import LambdaHost
import Model
import TestServers
import Testing

/// Execution environments with real processes.
@Suite struct EnvironmentTests {
    @Test func `an answer is passed on as it is, and the log has the function's lines between START and END`()
        async throws
    {
        try await LambdaRig.with { rig in
            try await rig.define()
            #expect(try await rig.invoke(["a": 1]).body == #"{"a": 1}"#)
            #expect(try await rig.invoke(["do": "raw", "text": "no {JSON"]).body == "no {JSON")
            let answer = try await rig.invoke(["do": "print", "text": "hello"])
            #expect(answer.log.count == 4)
            #expect(answer.log[0].hasPrefix("START RequestId: ") && answer.log[1] == "hello")
            #expect(answer.log[2].hasPrefix("END ") && answer.log[3].hasPrefix("REPORT "))
            #expect(answer.headers["x-amz-executed-version"] == "$LATEST" && !answer.isFailure)
            // What is written just before the answer is there, each time.
            let lines = (0..<50).map { "line \($0)" }
            for _ in 0..<20 {
                let text = lines.joined(separator: "\n")
                let log = try await rig.invoke(["do": "print", "text": .string(text)]).log
                #expect(Array(log.dropFirst().dropLast(2)) == lines)
            }
        }
    }

    @Test func `the log's end has at most 4 KB`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define()
            let answer = try await rig.invoke(["do": "print", "text": .string(String(repeating: "ä", count: 5_000))])
            let tail = Data(base64Encoded: answer.headers["x-amz-log-result"] ?? "") ?? Data()
            #expect((4_000...4_096).contains(tail.count) && String(validating: tail, as: UTF8.self) != nil)
        }
    }

    @Test func `row 41: a runtime gets the headers, and the client's context only where there is one`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define { $0.timeout = 3 }
            let plain = try await rig.invoke(["do": "context"]).json["headers"]
            #expect(plain?["lambda-runtime-trace-id"]?.text?.hasPrefix("Root=1-") == true)
            let deadline = plain?["lambda-runtime-deadline-ms"]?.text.flatMap { Int64($0) } ?? 0
            let left = deadline - MemoryQueues.now().milliseconds
            #expect((0...3_000).contains(left))
            #expect(
                plain?["lambda-runtime-invoked-function-arn"]?.text
                    == "arn:aws:lambda:us-east-1:000000000000:function:f")
            #expect(plain?["content-type"] == "application/json" && plain?["lambda-runtime-client-context"] == nil)
            let context = Data(#"{"custom":{"a":1}}"#.utf8).base64EncodedString()
            let more = try await rig.invoke(
                ["do": "context"], headers: [("X-Amz-Client-Context", context), ("X-Amzn-Trace-Id", "Root=1-a-b")]
            ).json["headers"]
            #expect(more?["lambda-runtime-client-context"] == #"{"custom":{"a":1}}"#)
            #expect(more?["lambda-runtime-trace-id"] == "Root=1-a-b")
            let pretty = Data("{\n \"custom\": {}\n}".utf8).base64EncodedString()
            let lines = try await rig.invoke(["do": "context"], headers: [("X-Amz-Client-Context", pretty)])
            #expect(lines.json["headers"]?["lambda-runtime-client-context"] == #"{"custom":{}}"#)
        }
    }

    @Test func `a function gets Lambda's variables and its own, and not those of the runner`() async throws {
        try await LambdaRig.with { rig in
            setenv("HEADGATE_SECRET_OF_THE_RUNNER", "x", 1)
            try await rig.define { $0.environment = ["LEVEL": "debug", "TMPDIR": "/nowhere"] }
            let answer = try await rig.invoke(["do": "environment"]).json
            let variables = answer["variables"]
            #expect(variables?["LEVEL"] == "debug" && variables?["HEADGATE_SECRET_OF_THE_RUNNER"] == nil)
            #expect(
                variables?["AWS_LAMBDA_FUNCTION_NAME"] == "f" && variables?["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST")
            #expect(variables?["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128" && variables?["AWS_REGION"] == "us-east-1")
            #expect(variables?["TMPDIR"]?.text == "\(rig.folder)/tmp/f-1" && variables?["TZ"] == ":UTC")
            let cwd = answer["cwd"]?.text ?? ""
            #expect(cwd.hasSuffix(rig.folder), "\(cwd)")
        }
    }

    @Test
    func `an environment is used again, with what it left in its temporary folder, and by one invocation at a time`()
        async throws
    {
        try await LambdaRig.with { rig in
            try await rig.define()
            for count in 1...3 { #expect(try await rig.invoke(["do": "temporary"]).body == "\(count)") }
            let pids = try await withThrowingTaskGroup(of: JSON?.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await rig.invoke(["do": "sleep", "seconds": 1])
                        return try await rig.invoke(["do": "environment"]).json["pid"]
                    }
                }
                return try await group.reduce(into: Set<Int>()) { if let pid = $1?.int { $0.insert(pid) } }
            }
            #expect(rig.log.count("version 1") == 4, "four at once need four environments")
            #expect(pids.count > 1)
        }
    }

    @Test func `what takes too long is killed with all that it started`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define { $0.timeout = 1 }
            let answer = try await rig.invoke(["do": "child", "hang": true])
            #expect(answer.isFailure && answer.json["errorType"] == "Sandbox.Timedout")
            #expect(answer.json["errorMessage"]?.text?.hasSuffix("Error: Task timed out after 1.00 seconds") == true)
            let line = try #require(rig.log.all.first { $0.contains("child ") })
            let pid = try #require(line.split(separator: " ").last.flatMap { pid_t($0) })
            try await eventually("the child is gone") { kill(pid, 0) != 0 }
            #expect(answer.log.contains { $0.hasSuffix(" Task timed out after 1.00 seconds") })
            #expect(try await rig.invoke(["b": 2]).body == #"{"b": 2}"#)
        }
    }

    @Test func `a function that writes without pause is killed like any other, and its runner goes on`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define { $0.timeout = 2 }
            for _ in 0..<3 {
                #expect(try await rig.invoke(["do": "flood"]).json["errorType"] == "Sandbox.Timedout")
            }
            #expect(try await rig.invoke(["a": 1]).body == #"{"a": 1}"#)
        }
    }

    @Test func `a handler's children end with the environment`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define()
            let child = try #require(pid_t(try await rig.invoke(["do": "child"]).body))
            #expect(kill(child, 0) == 0)
            await rig.service.stop(grace: .seconds(5))
            try await eventually("the child is gone") { kill(child, 0) != 0 }
        }
    }

    static let crashes: [(JSON, String)] = [
        (["do": "exit", "status": 3], "Runtime exited with error: exit status 3"),
        (["do": "exit", "status": 0], "Runtime exited without providing a reason"),
        (["do": "signal", "number": 11], "Runtime exited with error: signal: segmentation fault"),
        (["do": "memory", "megabytes": 400, "seconds": 5], "Runtime exited with error: signal: killed"),
        (["do": "memory", "megabytes": 400, "thread": true], "Runtime exited with error: signal: killed"),
    ]

    @Test(arguments: crashes)
    func `row 42: a crash fails its invocation, and the next has a new environment`(event: JSON, text: String)
        async throws
    {
        try await LambdaRig.with { rig in
            try await rig.define { $0.timeout = 20 }
            let answer = try await rig.invoke(event)
            #expect(answer.status == 200 && answer.isFailure && answer.json["errorType"] == "Runtime.ExitError")
            #expect(answer.json["errorMessage"]?.text?.hasSuffix("Error: \(text)") == true, "\(answer.body)")
            #expect(try await rig.invoke(["c": 3]).body == #"{"c": 3}"#)
            #expect(rig.log.count("version 1") == 2)
        }
    }

    @Test func `an error that the function reports is passed on, and its environment stays`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define()
            let answer = try await rig.invoke(["do": "error", "text": "no"])
            #expect(answer.isFailure && answer.status == 200 && answer.json["errorType"] == "Sorry")
            #expect(answer.json["stackTrace"] == ["a", "b"])
            try await rig.invoke([:])
            #expect(rig.log.count("version 1") == 1)
        }
    }

    @Test func `row 42: a start that fails once is repeated, and one that always fails is the invocation's failure`()
        async throws
    {
        try await LambdaRig.with { rig in
            try await rig.define { $0.environment = ["FAILS_ONCE": "\(rig.folder)/marker"] }
            #expect(try await rig.invoke(["d": 4]).body == #"{"d": 4}"#)
            try await rig.define(["exit", "report"]) {
                $0.environment = ["FAILS": $0.name]
                $0.timeout = 5
            }
            #expect(try await rig.invoke([:], "exit").json["errorMessage"]?.text?.hasSuffix("exit status 7") == true)
            #expect(try await rig.invoke([:], "report").json["errorMessage"] == "cannot begin")
            try await rig.define(["nothing"], command: ["/nowhere/program"])
            let nothing = try await rig.invoke([:], "nothing").json
            #expect(nothing["errorType"] == "Runtime.InvalidEntrypoint")
            #expect(nothing["errorMessage"]?.text?.contains("/nowhere/program") == true)
        }
    }

    @Test func `responses may be streamed, and may end with an error`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define()
            #expect(
                try await rig.invoke(["do": "stream", "parts": ["one ", "two ", "three"]]).body == "one two three")
            let failed = try await rig.invoke(["do": "stream error", "text": "broke off"])
            #expect(
                failed.isFailure && failed.json["errorType"] == "Late" && failed.json["errorMessage"] == "broke off")
            #expect(rig.log.count("version 1") == 1)
        }
    }

    @Test func `a response of more than 6 MB is refused, and one of 6 MB is not`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define { $0.timeout = 20 }
            #expect(try await rig.invoke(["do": "big", "bytes": 6_291_556]).body.utf8.count == 6_291_556)
            let answer = try await rig.invoke(["do": "big", "bytes": 6_291_557])
            #expect(answer.isFailure && answer.json["errorType"] == "Function.ResponseSizeTooLarge")
        }
    }

    @Test func `calls out of turn, with a wrong id, and of what is not offered`() async throws {
        try await LambdaRig.with { rig in
            try await rig.define()
            let answer = try await rig.invoke([
                "do": "calls",
                "calls": [
                    ["GET", "/invocation/next"], ["POST", "/invocation/wrong/response", "1"],
                    ["POST", "/invocation/wrong/error", "{}"], ["POST", "/init/error", "{}"],
                    ["GET", "/restore/next"], ["POST", "/restore/error", "{}"], ["GET", "/nothing"],
                    ["DELETE", "/invocation/next"],
                ],
            ])
            #expect(answer.body == "[403, 400, 400, 403, 404, 404, 404, 404]")
            let twice = try await rig.invoke([
                "do": "calls",
                "calls": [["POST", "/invocation/ID/response", "1"], ["POST", "/invocation/ID/response", "2"]],
            ])
            #expect(twice.body == "1")
            try await rig.invoke([:])
        }
    }

    @Test func `environments are bounded by the machine's memory, and idle ones make room`() async throws {
        try await LambdaRig.with(memory: 300) { rig in
            try await rig.define(["f", "g"])
            let answers = try await withThrowingTaskGroup(of: LambdaRig.Answer.self) { group in
                for _ in 0..<3 { group.addTask { try await rig.invoke(["do": "sleep", "seconds": 2]) } }
                return try await group.reduce(into: [Int]()) { $0.append($1.status) }
            }
            #expect(answers.sorted() == [200, 200, 429])
            #expect(rig.log.count("f is throttled: functions may use 300 MB") == 1)
            #expect(try await rig.invoke(["h": 1], "g").body == #"{"h": 1}"#)
            #expect(try await rig.invoke(["h": 2], "f").body == #"{"h": 2}"#)
            #expect(rig.log.count("version 1") == 3, "one of f's made room for g's")
        }
    }

    @Test func `a frozen function does not run between invocations`() async throws {
        func state(_ pid: Int) -> String? {
            (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.split(separator: " ").dropFirst(2)
                .first
                .map(String.init)
        }
        try await LambdaRig.with { rig in
            try await rig.define { $0.isFrozenBetweenInvocations = true }
            for _ in 0..<3 {
                let pid = try #require(try await rig.invoke(["do": "environment"]).json["pid"]?.int)
                try await eventually("it is stopped") { state(pid) == "T" }
            }
            #expect(rig.log.count("version 1") == 1)
        }
    }

    @Test func `changed code and settings are used by the next environment, and what runs is finished`() async throws {
        try await LambdaRig.with { rig in
            let copy = "\(rig.folder)/runtime.py"
            let text = try String(contentsOfFile: LambdaRig.program, encoding: .utf8)
            try text.write(toFile: copy, atomically: true, encoding: .utf8)
            try await rig.define(command: ["python3", copy]) { $0.timeout = 20 }
            let first = try #require(try await rig.invoke(["do": "environment"]).json["pid"]?.int)
            async let slow = rig.invoke(["do": "sleep", "seconds": 1])
            try await eventually("it runs") { rig.log.count("START") == 2 }
            try text.replacing("\"VERSION_TEXT\", \"1\"", with: "\"VERSION_TEXT\", \"2\"")
                .write(toFile: copy, atomically: true, encoding: .utf8)
            let second = try #require(try await rig.invoke(["do": "environment"]).json["pid"]?.int)
            #expect(first != second && rig.log.count("version 2") == 1)
            #expect(try await slow.body == "null")
            try await eventually("the old one is gone") {
                try await rig.invoke([:])
                return kill(pid_t(first), 0) != 0
            }
            try await rig.define(command: ["python3", copy]) {
                $0.timeout = 20
                $0.environment = ["VERSION_TEXT": "3"]
            }
            try await rig.invoke([:])
            #expect(rig.log.count("version 3") == 1)
        }
    }

    @Test func `a runner that is killed leaves no environment`() async throws {
        // The kernel ends the runtime with the thread that started it; the rest of its group is ended by the next runner, which
        // SpawnerTests show.
        try await LambdaRig.with { rig in
            try await rig.define()
            let pid = try #require(try await rig.invoke(["do": "environment"]).json["pid"]?.int)
            let status = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8).split(separator: " ")
            #expect(status[4] == "\(pid)", "it leads its own process group")
        }
    }
}
