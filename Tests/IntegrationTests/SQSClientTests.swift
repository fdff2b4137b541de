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
            let isShell = script.hasSuffix(".sh")
            let more = isShell ? [clients.appending(path: "\(set)/bin/aws").path()] : arguments
            let environment = ProcessInfo.processInfo.environment
            try await run(
                isShell ? "/bin/bash" : python, [Self.script(script), "http://127.0.0.1:\(rig.port)"] + more, on: rig,
                environment: ["PATH": environment["PATH"] ?? "", "HOME": environment["HOME"] ?? "/tmp"], at: least)
        }
    }

    /// Runs a program against an endpoint of its own; every line must be `ok`.
    private func run(
        _ program: String, _ arguments: [String], on rig: SQSRig, environment: [String: String] = [:], at least: Int
    ) async throws {
        let run = try await ProgramRun(
            URL(filePath: program), arguments,
            environment: environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }, within: .seconds(240))
        let lines = run.output.split(separator: "\n")
        let failed = lines.filter { $0.hasPrefix("FAILED") }
        #expect(failed.isEmpty && run.status == 0, "\(failed.joined(separator: "\n"))\n\(run.errors.suffix(2_000))")
        #expect(lines.count { $0.hasPrefix("ok ") } >= least, "\(run.output.suffix(2_000))")
    }

    private static func script(_ name: String) -> String {
        Cluster.sources.appending(path: "Tests/Clients/\(name)").path()
    }

    /// Whether Debian's packages with a client are there; if not, why has been printed.
    private static func hasDebian(_ name: String) async throws -> Bool { try await ClientSet.install(name) != nil }

    @Test func `Go's SDK of before AWS JSON`() async throws {
        guard try await Self.hasDebian("go") else { return }
        try await ProgramRun.inFolder { folder in
            try await SQSRig.with { rig in
                try await run(
                    "/usr/bin/go", ["run", Self.script("sqs_go/main.go"), "http://127.0.0.1:\(rig.port)"], on: rig,
                    environment: [
                        "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
                        "GOCACHE": folder.path(), "HOME": folder.path(),
                    ], at: 21)
            }
        }
    }

    @Test func `Ruby's SDK, version 1`() async throws {
        guard try await Self.hasDebian("ruby") else { return }
        try await SQSRig.with { rig in
            try await run(
                "/usr/bin/ruby", ["-W0", Self.script("sqs_ruby.rb"), "http://127.0.0.1:\(rig.port)"], on: rig, at: 16)
        }
    }

    @Test(arguments: [nil, 1_024])
    func `thousands of connections that ask for nothing, or hang up, take nothing from others`(files: Int?) async throws
    {
        try await SQSRig.with(files: files) { rig in
            let (url, pid) = ("http://127.0.0.1:\(rig.port)", "\(rig.process.processIdentifier)")
            try await run(
                "/usr/bin/python3", [Self.script("sqs_idle.py"), url, pid] + (files == nil ? ["2000"] : []), on: rig,
                at: files == nil ? 20 : 11)
        }
    }

    @Test func `a full Redis refuses sends, and nothing else`() async throws {
        try await SQSRig.with(["--maxmemory", "20mb", "--maxmemory-policy", "noeviction"]) { rig in
            try await run(
                "/usr/bin/python3", [Self.script("sqs_full.py"), "http://127.0.0.1:\(rig.port)"], on: rig, at: 9)
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
