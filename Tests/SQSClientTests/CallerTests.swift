import Curl
import Foundation
import HTTP
import Model
import Queue
import SQS
import SQSClient
import SQSClientKit
import Synchronization
import TestServers
import Testing

private func clock() -> Timestamp { Timestamp(seconds: 1_790_000_000) }

extension VirtualSQS {
    convenience init() { self.init(clock: { clock() }) }
}

extension OutgoingMessage {
    init(_ id: String, tenant: String = "a", delay: Duration = .zero, bytes: Int = 4) {
        self.init(
            id: MessageID(id), tenant: tenant, delay: delay, body: Array(repeating: UInt8(ascii: "x"), count: bytes))
    }
}

extension Bool {
    /// Whether it was true; it is not any more.
    fileprivate mutating func take() -> Bool {
        defer { self = false }
        return self
    }
}

@Suite struct CallerTests {
    @Test func `a pause is any part of a doubling limit`() {
        let repeats = CallRepeats()
        #expect(
            (1...7).map { repeats.pause(before: $0, part: 1).milliseconds } == [100, 200, 400, 800, 1600, 2000, 2000])
        #expect(repeats.pause(before: 3, part: 0.5) == .milliseconds(200) && repeats.pause(before: 9, part: 0) == .zero)
    }

    /// (what the service answers, whether the call is repeated)
    @Test(arguments: [
        (503, "ServiceUnavailable", true), (500, "InternalError", true), (429, "Unheard", true),
        (400, "ThrottlingException", true), (403, "RequestThrottled", true), (400, "InvalidParameterValue", false),
        (403, "SignatureDoesNotMatch", false), (400, "QueueDoesNotExist", false),
    ])
    func `throttles and failures of the service are repeated three times, and nothing else`(
        status: Int, code: String, isRepeated: Bool
    ) async throws {
        let sqs = VirtualSQS()
        sqs.http.react { _ in .answer(status, ["__type": .string("com.amazonaws.sqs#\(code)"), "message": "m"]) }
        let error = await #expect(throws: SQSClientError.self) { try await sqs.caller.call(.listQueues, .object([])) }
        #expect(error?.code == code && error?.status == status && error?.message == "m")
        #expect(error?.isRetryable == isRepeated)
        #expect(sqs.http.calls.count == (isRepeated ? 4 : 1))
        #expect(sqs.slept == (isRepeated ? [.milliseconds(100), .milliseconds(200), .milliseconds(400)] : []))
    }

    /// Over a connection: two refusals, a reset, then an answer.
    @Test func `a reset connection is repeated too`() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            switch connection.number {
            case 1:
                connection.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            case 2: connection.send("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            case 3: connection.resetOnClose()
            default: connection.answer(#"{"QueueUrls":[]}"#)
            }
        }
        defer { server.stop() }
        let pauses = Mutex<[Duration]>([])
        let caller = SQSCaller(
            SQSCaller.Configuration(endpoint: server.url), http: HTTPClient(),
            sleep: { pause in pauses.withLock { $0.append(pause) } }, random: { 1 })
        let answer = try await caller.call(.listQueues, .object([]))
        #expect(answer["QueueUrls"]?.elements == [])
        #expect(pauses.withLock { $0.count } == 3)
    }

    @Test(arguments: ["nothing", "[]", "{\"a\":"]) func `an answer that is not the API's is an error`(text: String)
        async throws
    {
        let server = try RawServer { connection in
            while connection.readRequest() != nil { connection.answer(text) }
        }
        defer { server.stop() }
        let caller = SQSCaller(SQSCaller.Configuration(endpoint: server.url), http: HTTPClient(), sleep: { _ in })
        let error = await #expect(throws: SQSClientError.self) { try await caller.call(.listQueues, .object([])) }
        #expect(error?.code == SQSClientError.badAnswer)
    }

    @Test func `only the entries that failed without the sender's fault are repeated`() async throws {
        let sqs = VirtualSQS()
        let (queue, _) = try await sqs.queues()
        sqs.http.forget()
        let isFirst = Mutex(true)
        sqs.http.react { call in
            guard call.action == "SendMessageBatch", isFirst.withLock({ $0.take() }) else { return .pass }
            // The endpoint gets all but two entries; those fail at the service.
            let failing = call.entries.prefix(2)
            return .alter { input in
                input.setting("Entries", .array(Array((input["Entries"]?.elements ?? []).dropFirst(2))))
            } answer: { answer in
                .object([
                    .init("Successful", answer["Successful"] ?? .array([])),
                    .init(
                        "Failed",
                        .array(
                            failing.map {
                                ["Id": $0["Id"]!, "SenderFault": false, "Code": "InternalError", "Message": "x"]
                            })),
                ])
            }
        }
        let ids = (0..<5).map { "m\($0)" }
        #expect(try await queue.send(ids.map { OutgoingMessage($0) }).count == 5)
        let sends = sqs.http.calls.filter { $0.action == "SendMessageBatch" }
        #expect(sends.map(\.entries.count) == [5, 2])
        sqs.http.react { _ in .pass }
        let received = try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .zero)
        #expect(Set(received.map(\.id.description)) == Set(ids) && received.count == 5)
    }

    @Test func `an entry that is the sender's fault is an error, and the others are sent`() async throws {
        let sqs = VirtualSQS()
        let (queue, _) = try await sqs.queues()
        sqs.http.forget()
        // Larger alone than a batch may be.
        let messages = [
            OutgoingMessage("a"), OutgoingMessage("b", bytes: SQSLimits.messageBytes + 1), OutgoingMessage("c"),
        ]
        let error = await #expect(throws: QueueError.self) { try await queue.send(messages) }
        #expect(error?.code == .refused)
        #expect(sqs.http.calls.filter { $0.action == "SendMessageBatch" }.count == 3)
        let received = try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .zero)
        #expect(Set(received.map(\.id.description)) == ["a", "c"])
    }

    @Test func `batches are cut at ten entries and at a mebibyte, attributes included`() async throws {
        let sqs = VirtualSQS()
        let (queue, _) = try await sqs.queues()
        func sizes(_ messages: [OutgoingMessage]) async throws -> [Int] {
            sqs.http.forget()
            _ = try await queue.send(messages)
            return sqs.http.calls.filter { $0.action == "SendMessageBatch" }.map(\.entries.count).sorted()
        }
        #expect(try await sizes((0..<23).map { OutgoingMessage("m\($0)") }) == [3, 10, 10])
        // "headgate" + "String" + the envelope, which for these ids is "1 m a 0 0 - t".
        let overhead = 8 + 6 + 13
        let half = SQSLimits.messageBytes / 2 - overhead
        #expect(try await sizes([OutgoingMessage("m", bytes: half), OutgoingMessage("n", bytes: half)]) == [2])
        #expect(try await sizes([OutgoingMessage("m", bytes: half), OutgoingMessage("n", bytes: half + 1)]) == [1, 1])
        #expect(try await sizes([OutgoingMessage("m", bytes: SQSLimits.messageBytes - overhead)]) == [1])
    }

    @Test(arguments: ["MD5OfMessageBody", "MD5OfMessageAttributes"])
    func `a send whose digest differs is not accepted`(name: String) async throws {
        let sqs = VirtualSQS()
        let (queue, _) = try await sqs.queues()
        sqs.http.react { call in
            guard call.action == "SendMessageBatch" else { return .pass }
            return .alter(answer: { answer in
                let entry = (answer["Successful"]?.elements ?? [])[0]
                return answer.setting("Successful", .array([entry.setting(name, "0123456789abcdef0123456789abcdef")]))
            })
        }
        sqs.http.forget()
        let error = await #expect(throws: QueueError.self) { try await queue.send([OutgoingMessage("m")]) }
        #expect(error?.message.contains(name) == true)
        #expect(sqs.http.calls.filter { $0.action == "SendMessageBatch" }.count == 1, "it would be there twice")
    }

    @Test func `a message that arrives damaged is not returned, and the others are`() async throws {
        let sqs = VirtualSQS()
        let (queue, _) = try await sqs.queues()
        _ = try await queue.send([OutgoingMessage("m"), OutgoingMessage("n")])
        sqs.http.react { call in
            guard call.action == "ReceiveMessage" else { return .pass }
            return .alter(answer: { answer in
                guard var messages = answer["Messages"]?.elements else { return answer }
                messages[0] = messages[0].setting("Body", "xxxy")
                return answer.setting("Messages", .array(messages))
            })
        }
        let received = try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .zero)
        #expect(received.count == 1)
        #expect(sqs.reported.contains { $0.contains(SQSClientError.digestMismatch) })
    }
}
