import Foundation
import TestServers
import Testing

/// Clients of Amazon SQS as people use them, against the endpoint: they must not notice the difference. They come from
/// PyPI; without it these tests say what they skip.
@Suite(.serialized) struct SQSClientTests {
    /// The environments with the clients, made when first needed; nil: PyPI is out of reach.
    private static let clients = Task { () async throws -> URL? in try await ClientSet.install() }

    /// Runs a script with one of the environments against an endpoint of its own; every line must be `ok`.
    private func run(
        _ script: String, in set: String, _ arguments: [String] = [], settings: [String: String] = [:], at least: Int
    ) async throws {
        guard let clients = try await Self.clients.value else { return }
        try await SQSRig.with(settings: settings) { rig in
            let python = clients.appending(path: "\(set)/bin/python").path()
            let path = Cluster.sources.appending(path: "Tests/Clients/\(script)").path()
            let isShell = script.hasSuffix(".sh")
            let more = isShell ? [clients.appending(path: "\(set)/bin/aws").path()] : arguments
            let environment = ProcessInfo.processInfo.environment
            let run = try await ProgramRun(
                URL(filePath: isShell ? "/bin/bash" : python), [path, "http://127.0.0.1:\(rig.port)"] + more,
                environment: [
                    "PATH": environment["PATH"] ?? "", "HOME": environment["HOME"] ?? "/tmp",
                    "PYTHONDONTWRITEBYTECODE": "1",
                ], within: .seconds(180))
            let lines = run.output.split(separator: "\n")
            let failed = lines.filter { $0.hasPrefix("FAILED") }
            #expect(failed.isEmpty && run.status == 0, "\(failed.joined(separator: "\n"))\n\(run.errors.suffix(2_000))")
            #expect(lines.count { $0.hasPrefix("ok ") } >= least, "\(run.output.suffix(2_000))")
        }
    }

    @Test func `boto3, in AWS JSON`() async throws { try await run("sqs_boto3.py", in: "json", at: 50) }
    @Test func `boto3 of before botocore 1_31_81, in the query protocol`() async throws {
        try await run("sqs_boto3.py", in: "query", at: 50)
    }
    @Test func `the AWS CLI`() async throws { try await run("sqs_cli.sh", in: "json", at: 20) }
    @Test func `Celery on kombu, with prefetch, a countdown and a worker that is killed`() async throws {
        try await run("sqs_celery.py", in: "celery", at: 7)
    }
    @Test(arguments: ["json", "query"])
    func `signed requests`(set: String) async throws {
        let key = ["AKIDEXAMPLE", "a secret", "ASIAEXAMPLE", "another", "a token"]
        try await run(
            "sqs_signed.py", in: set, key,
            settings: ["HEADGATE_SQS_KEYS": "\(key[0]):\(key[1]),\(key[2]):\(key[3]):\(key[4])"], at: 18)
    }
}
