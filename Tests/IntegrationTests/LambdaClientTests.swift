import Foundation
import Model
import TestServers
import Testing

/// AWS Lambda as people use it, against the whole local runner: boto3 from outside, awslambdaric and Powertools within the
/// functions. They come from PyPI; without it these tests say what they skip.
@Suite(.serialized) struct LambdaClientTests {
    /// The environment with the clients, made when first needed; nil: PyPI is out of reach.
    private static let clients = Task { () async throws -> URL? in
        try await ClientSet.install("lambda")?.appending(path: "lambda/bin")
    }

    private static let sources = Cluster.sources.appending(path: "Tests/Clients")

    @Test func `boto3, awslambdaric and Powertools, and nothing that is left when the runner ends`() async throws {
        guard let programs = try await Self.clients.value else { return }
        try await ProgramRun.inFolder { folder in
            try await LambdaRunner.with(folder, python: programs) { runner in
                let environment = ProcessInfo.processInfo.environment
                let run = try await ProgramRun(
                    programs.appending(path: "python"),
                    [Self.sources.appending(path: "lambda_boto3.py").path(), runner.readyFile.path()],
                    environment: [
                        "PATH": environment["PATH"] ?? "", "HOME": environment["HOME"] ?? "/tmp",
                        "PYTHONDONTWRITEBYTECODE": "1",
                    ], within: .seconds(180))
                let lines = run.output.split(separator: "\n")
                let failed = lines.filter { $0.hasPrefix("FAILED") }.joined(separator: "\n")
                #expect(failed.isEmpty && run.status == 0, "\(failed)\n\(run.errors.suffix(2_000))")
                #expect(lines.count { $0.hasPrefix("ok ") } >= 34, "\(run.output.suffix(2_000))")
                #expect(runner.processes().contains { $0.contains("awslambdaric") }, "functions that wait for work")
                #expect(try await runner.stop() == 0, "\(runner.log)")
                #expect(runner.processes() == [])
            }
        }
    }

    @Test func `kill -9 of the runner leaves no function, and the next runner has what was created`() async throws {
        guard let programs = try await Self.clients.value else { return }
        try await ProgramRun.inFolder { folder in
            try await LambdaRunner.with(folder, python: programs) { runner in
                try await runner.queue("seen")
                try await runner.queue("work")
                try await runner.create("kept", code: try await Self.code(in: folder, programs), notes: "seen")
                try await runner.map("work", to: "kept")
                try await runner.send("before", to: "work")
                try await eventually("it is handled") { try await runner.take(from: "seen")?["body"] == "before" }
                // An event that the function has when the runner is killed.
                let event: JSON = ["do": "sleep", "seconds": 5, "notes": "seen"]
                #expect(try await runner.invoke("kept", event, type: "Event").status == 202)
                try await eventually("it sleeps") { try await runner.take(from: "seen")?["body"] == "asleep" }
                #expect(runner.processes().contains { $0.contains("awslambdaric") })
                await runner.end()
                try await eventually("nothing is left") { runner.processes().isEmpty }
            }
            try await LambdaRunner.with(folder, python: programs) { runner in
                try await eventually("the event is handled again") {
                    try await runner.take(from: "seen")?["body"] == "asleep"
                }
                #expect(try await runner.invoke("kept", ["a": 1]).body == ["a": 1])
                try await runner.send("after", to: "work")
                try await eventually("the mapping goes on") {
                    try await runner.take(from: "seen")?["body"] == "after"
                }
                #expect(try await runner.stop() == 0, "\(runner.log)")
                #expect(runner.processes() == [])
            }
        }
    }

    /// A zip file of the handler.
    private static func code(in folder: URL, _ programs: URL) async throws -> Data {
        let archive = folder.appending(path: "code.zip")
        let files = ["handler.py", "notes.py"].map { sources.appending(path: "lambda/\($0)").path() }
        let run = try await ProgramRun(
            programs.appending(path: "python"), ["-m", "zipfile", "-c", archive.path()] + files)
        try #require(run.status == 0, "\(run.errors)")
        return try Data(contentsOf: archive)
    }
}
