import Curl
import Foundation
import HTTP
import Model
import Queue
import SQS
import SQSClient
import Synchronization
import TestServers
import Testing

/// The driver over HTTP, against services in processes of their own.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WireTests {
    /// Our own endpoint over Redis, which checks signatures.
    private static func withEndpoint(_ body: (_ url: String) async throws -> Void) async throws {
        let redis = try await TestServer.redis()
        let port = freePort()
        let process = Process()
        process.executableURL = programs.appending(path: "sqs")
        process.arguments = ["--port", "\(port)"]
        process.environment = [
            "HEADGATE_REDIS": redis.redisURL, "HEADGATE_LOG": "error", "HEADGATE_SQS_KEYS": "AKID:geheim:marke",
        ]
        try process.runFunction()
        func end() async {
            process.terminate()
            await process.ended()
            await redis.end()
        }
        do {
            let http = HTTPClient()
            try await eventually("it listens") {
                (try? await http.execute(HTTPRequest(url: "http://127.0.0.1:\(port)/healthz")))?.status == 200
            }
            try await body("http://127.0.0.1:\(port)")
        } catch {
            await end()
            throw error
        }
        await end()
    }

    /// moto, which other people test their clients of SQS with; it checks no signatures. False: PyPI is out of reach.
    private static func withMoto(_ body: (_ url: String) async throws -> Void) async throws {
        let install = Process()
        let output = Pipe()
        install.executableURL = sources.appending(path: "infra/scripts/clients.sh")
        install.arguments = ["moto"]
        install.standardOutput = output
        install.standardError = output
        try install.runUnblocked()
        let text = await output.text()
        await install.ended()
        if install.terminationStatus == 75 {
            print("moto is not tested: \(text)")
            return
        }
        try #require(install.terminationStatus == 0, "\(text)")
        let port = freePort()
        let process = Process()
        process.executableURL = sources.appending(path: ".build/clients/moto/bin/python")
        process.arguments = [sources.appending(path: "Tests/Clients/moto_server.py").path(), "\(port)"]
        process.environment = ["PATH": "/usr/bin:/bin"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let lifeline = Pipe()
        process.standardInput = lifeline
        try process.runUnblocked()
        func end() async {
            try? lifeline.fileHandleForWriting.close()
            await process.ended()
        }
        do {
            let http = HTTPClient()
            try await eventually("moto listens") {
                (try? await http.execute(HTTPRequest(url: "http://127.0.0.1:\(port)/moto-api/data.json")))?.status
                    == 200
            }
            try await body("http://127.0.0.1:\(port)")
        } catch {
            await end()
            throw error
        }
        await end()
    }

    private static func caller(_ url: String, _ credentials: AWSCredentials) -> SQSCaller {
        SQSCaller(
            SQSCaller.Configuration(endpoint: url), http: HTTPClient(),
            credentials: CredentialSource(clock: { .epoch }) { () async throws(SQSClientError) in credentials })
    }

    private static func clock() -> Timestamp { Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1e6)) }

    /// Sends, receives, retries, buries, lapses.
    private func path(_ caller: SQSCaller, isGrouped: Bool = true) async throws {
        let configuration = QueueConfiguration(visibility: .seconds(2), maximumReceives: 1)
        for name in [QueueName.triggers, .outcomes] {
            try await SQSQueue.create(name, configuration: configuration, caller: caller)
        }
        let queue = SQSQueue(
            name: .triggers, configuration: configuration, caller: caller, outcomes: .outcomes, isGrouped: isGrouped,
            host: SQSQueue.Host(clock: WireTests.clock))
        let outcomes = SQSQueue(
            name: .outcomes, configuration: configuration, caller: caller, source: (.triggers, 1),
            isGrouped: isGrouped, host: SQSQueue.Host(clock: WireTests.clock))
        func receive(_ queue: SQSQueue, _ count: Int, visibility: Duration = .seconds(30)) async throws
            -> [ReceivedMessage]
        {
            var received: [ReceivedMessage] = []
            let deadline = ContinuousClock.now + .seconds(40)
            while received.count < count, .now < deadline {
                received += try await queue.receive(
                    upTo: count - received.count, visibility: visibility, wait: .seconds(5))
            }
            #expect(received.count == count)
            return received
        }
        let messages = (0..<23).map { number in
            OutgoingMessage(id: MessageID("m\(number)"), tenant: "t\(number % 3)", body: [UInt8(number), 0xFF])
        }
        #expect(try await queue.send(messages).count == 23)
        let received = try await receive(queue, 23)
        #expect(Set(received.map(\.id.description)) == Set((0..<23).map { "m\($0)" }))
        #expect(received.allSatisfy { $0.receives == 1 && $0.body.count == 2 && $0.tenant.hasPrefix("t") })
        #expect(try await queue.extend(received.map(\.receipt), visibility: .seconds(60)).allSatisfy { $0 })
        let verdicts: [Settlement.Verdict] = [.retry(after: .zero), .bury(reason: "no"), .release(after: .seconds(1))]
        let results = try await queue.settle(
            received.enumerated().map { place, message in
                Settlement(
                    message.receipt, place < 3 ? verdicts[place] : .acknowledge,
                    outcome: Array("\(message.id)\n".utf8))
            })
        #expect(results.allSatisfy { $0 == .settled })
        let lines = try await receive(outcomes, 23)
        #expect(Set(lines.map { String(decoding: $0.body, as: UTF8.self) }) == Set((0..<23).map { "m\($0)\n" }))
        #expect(try await outcomes.confirm(lines.map(\.receipt), recorded: []).allSatisfy { $0 })
        // Received once, and never settled: the next receive moves them.
        let again = try await receive(queue, 2, visibility: .seconds(1))
        #expect(again.map(\.attempts).sorted() == [0, 1])
        try await eventually("both lapse") {
            _ = try await queue.receive(upTo: 10, visibility: .seconds(1), wait: .seconds(1))
            return try await queue.statistics().dead == 3
        }
        var notices: [ReceivedMessage] = []
        try await eventually("both are told of") {
            notices += try await outcomes.receive(upTo: 10, visibility: .seconds(30), wait: .seconds(1))
            return notices.count == 2
        }
        let reason = "received 1 times without an outcome\n"
        #expect(notices.allSatisfy { String(decoding: $0.body, as: UTF8.self).hasSuffix(reason) })
        #expect(try await outcomes.confirm(notices.map(\.receipt), recorded: []) == [true, true])
        let statistics = try await queue.statistics()
        #expect(statistics.dead == 3 && statistics.ready + statistics.inFlight + statistics.delayed == 0)
        #expect(try await queue.purge() == 0)
    }

    @Test func `over HTTP with signatures all verbs do what they do in memory`() async throws {
        try await WireTests.withEndpoint { url in
            try await path(WireTests.caller(url, AWSCredentials(keyID: "AKID", secret: "geheim", token: "marke")))
        }
    }

    @Test func `moto does not notice the difference`() async throws {
        try await WireTests.withMoto { url in
            try await path(WireTests.caller(url, AWSCredentials(keyID: "AKID", secret: "geheim")))
        }
    }

    @Test func `a key that is refused is read anew, once a call`() async throws {
        try await WireTests.withEndpoint { url in
            let keys = Mutex(["OLD", "AKID", "OLD", "OLD", "OLD", "AKID"])
            let reads = Mutex(0)
            let source = CredentialSource(clock: { .epoch }) { () async throws(SQSClientError) in
                reads.withLock { $0 += 1 }
                let id = keys.withLock { $0.removeFirst() }
                return AWSCredentials(keyID: id, secret: "geheim", token: "marke")
            }
            let caller = SQSCaller(SQSCaller.Configuration(endpoint: url), http: HTTPClient(), credentials: source)
            _ = try await caller.call(.listQueues, .object([]))
            _ = try await caller.call(.listQueues, .object([]))
            #expect(reads.withLock { $0 } == 2)
            await source.forget(AWSCredentials(keyID: "AKID", secret: "geheim", token: "marke"))
            let error = await #expect(throws: SQSClientError.self) { try await caller.call(.listQueues, .object([])) }
            #expect(error?.code == "InvalidClientTokenId")
            #expect(reads.withLock { $0 } == 4, "the second refusal is the answer")
            await source.forget(AWSCredentials(keyID: "OLD", secret: "geheim", token: "marke"))
            _ = try await caller.call(.listQueues, .object([]))
        }
    }

    @Test func `with a wrong secret or without the token every call is refused`() async throws {
        try await WireTests.withEndpoint { url in
            for (credentials, code) in [
                (AWSCredentials(keyID: "AKID", secret: "falsch", token: "marke"), "SignatureDoesNotMatch"),
                (AWSCredentials(keyID: "AKID", secret: "geheim"), "InvalidClientTokenId"),
            ] {
                let error = await #expect(throws: SQSClientError.self) {
                    try await WireTests.caller(url, credentials).call(.listQueues, .object([]))
                }
                #expect(error?.code == code && error?.isRetryable == false)
                let refusal = await #expect(throws: QueueError.self) {
                    try await SQSQueue.create(.triggers, caller: WireTests.caller(url, credentials))
                }
                #expect(refusal?.code == .refused && refusal?.message.contains(credentials.secret) == false)
            }
        }
    }
}

private let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The folder of the built programs.
private let programs: URL = {
    if let named = ProcessInfo.processInfo.environment["HEADGATE_TEST_BINARIES"] { return URL(filePath: named) }
    var folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path() != "/", !FileManager.default.fileExists(atPath: folder.appending(path: "sqs").path()) {
        folder.deleteLastPathComponent()
    }
    return folder
}()
