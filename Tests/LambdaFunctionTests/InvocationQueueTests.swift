import Curl
import Foundation
import HTTP
import Lambda
import LambdaFunction
import Model
import Queue
import SQS
import SQSClient
import SQSClientKit
import Synchronization
import TestServers
import Testing

@testable import LambdaHost

/// What a function sees of its invocations, and what it answers: over HTTP, from the Runtime API of the local runner, with
/// queues in an SQS in memory.
@Suite struct InvocationQueueTests {
    /// Hands out invocations, and keeps what the function says.
    private actor Work: RuntimeCalls {
        private var next: (@Sendable (RuntimeAnswer) -> Void)?
        private var waiting: [RuntimeAnswer] = []
        private var said: [String: RuntimeCall] = [:]

        func take(_ call: RuntimeCall, number: Int, reply: @escaping @Sendable (RuntimeAnswer) -> Void) {
            switch call {
            case .next:
                if waiting.isEmpty { next = reply } else { reply(waiting.removeFirst()) }
            case .response(let id, _), .error(let id, _), .longResponse(let id), .failedResponse(let id, _, _):
                said[id] = call
                reply(.accepted)
            case .startError: reply(.accepted)
            }
        }
        func hungUp(_ number: Int) { next = nil }

        func give(_ id: String, _ payload: [UInt8], deadline: Timestamp) {
            let invocation = Invocation(
                id: id, payload: payload, functionARN: "arn", timeout: .seconds(1), traceID: "t")
            let answer = RuntimeAnswer.invocation(invocation, deadline: deadline)
            if let next {
                self.next = nil
                next(answer)
            } else {
                waiting.append(answer)
            }
        }
        func answer(to id: String) -> RuntimeCall? { said[id] }
    }

    private struct Rig {
        let sqs: VirtualSQS
        let queue: SQSQueue
        let outcomes: SQSQueue
        let work: Work
        let server: RuntimeServer
        let invocations: InvocationQueue
        let reports = Reports()

        final class Reports: Sendable {
            let list = Mutex<[String]>([])
        }

        static func now() -> Timestamp { Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000)) }

        /// - Parameter ofOutcomes: invocations bring messages of the queue of outcomes.
        init(ofOutcomes: Bool = false) async throws {
            sqs = VirtualSQS(clock: { Rig.now() })
            (queue, outcomes) = try await sqs.queues(QueueConfiguration(maximumReceives: 3))
            work = Work()
            server = try await RuntimeServer.start(work)
            invocations = InvocationQueue(
                ofOutcomes ? outcomes : queue,
                runtime: RuntimeAPI(host: "127.0.0.1:\(server.port)", http: HTTPClient()),
                clock: { Rig.now() }
            ) { [reports] text in reports.list.withLock { $0.append(text) } }
        }

        /// Takes invocations while `body` runs.
        func run(_ body: (Rig) async throws -> Void) async throws {
            let loop = Task { await invocations.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body(self)) } catch { result = .failure(error) }
            await invocations.stop()
            await loop.value
            server.stop()
            try result.get()
        }

        func url(_ name: String) -> JSON { .string("http://localhost/000000000000/\(name)") }

        /// Receives messages as a mapping does, and makes them an event.
        func event(_ name: String, count: Int = 10) async throws -> JSON {
            let answer = try await sqs.caller.call(
                .receiveMessage,
                [
                    "QueueUrl": url(name), "MaxNumberOfMessages": .integer(count), "VisibilityTimeout": 60,
                    "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"],
                ])
            let records = (answer["Messages"]?.elements ?? []).compactMap { message in
                MappingMessage(
                    received: message, queueARN: "arn:aws:sqs:us-east-1:000000000000:\(name)", region: "us-east-1"
                ).flatMap { try? JSON(parsing: $0.record) }
            }
            return ["Records": .array(records)]
        }

        func give(_ event: JSON, for time: Duration = .seconds(20), id: String = "1") async {
            await work.give(id, event.serialized, deadline: Rig.now() + time)
        }

        /// The answer to an invocation, or nil while there is none.
        func response(_ id: String = "1") async throws -> JSON? {
            guard case .response(_, let body)? = await work.answer(to: id) else { return nil }
            return try JSON(parsing: body)
        }
        func failures(_ id: String = "1") async throws -> [String] {
            try await eventually("the invocation is answered") { try await response(id) != nil }
            return (try await response(id)?["batchItemFailures"]?.elements ?? []).compactMap {
                $0["itemIdentifier"]?.text
            }
        }
        /// At least one message, or none within a wait that is given.
        func receive(_ limit: Int = 10, wait: Duration? = nil) async throws -> [ReceivedMessage] {
            let received = try await invocations.receive(
                upTo: limit, visibility: .seconds(30), wait: wait ?? .seconds(20))
            if wait == nil { try #require(!received.isEmpty) }
            return received
        }
        /// Waiting, in flight and delayed messages.
        func counts(_ name: String) async throws -> [String] {
            let answer = try await sqs.caller.call(
                .getQueueAttributes, ["QueueUrl": url(name), "AttributeNames": ["All"]])
            return ["", "NotVisible", "Delayed"].map {
                answer["Attributes"]?["ApproximateNumberOfMessages\($0)"]?.text ?? "-"
            }
        }
    }

    private func ids(_ event: JSON) -> [String] {
        (event["Records"]?.elements ?? []).compactMap { $0["messageId"]?.text }
    }

    @Test func `what is settled is answered as done, and deleted by nobody but the mapping`() async throws {
        try await Rig().run { it in
            _ = try await it.queue.send(["a", "b", "c"].map { OutgoingMessage($0) })
            await it.give(try await it.event("triggers"))
            let first = try await it.receive(2)
            let rest = try await it.receive()
            #expect((first + rest).map(\.id.description).sorted() == ["a", "b", "c"] && first.count == 2)
            let settlements = (first + rest).map { message in
                Settlement(
                    message.receipt, message.id.description == "b" ? .retry(after: .seconds(100)) : .acknowledge,
                    outcome: Array("o".utf8))
            }
            #expect(try await it.invocations.settle(settlements) == [.settled, .settled, .settled])
            #expect(try await it.failures() == [])
            #expect(try await it.counts("triggers") == ["0", "3", "1"], "the copy of the retry waits")
            #expect(try await it.counts("outcomes") == ["3", "0", "0"])
            #expect(try await it.invocations.settle(settlements).allSatisfy { $0 == .stale }, "it is over")
            #expect(it.reports.list.withLock { $0 } == [])
        }
    }

    @Test func `what is not settled in time is named, and void from then on`() async throws {
        try await Rig().run { it in
            _ = try await it.queue.send(["a", "b"].map { OutgoingMessage($0) })
            let event = try await it.event("triggers")
            await it.give(event, for: .seconds(8))
            let received = try await it.receive()
            try #require(received.count == 2)
            #expect(try await it.invocations.extend(received.map(\.receipt), visibility: .seconds(30)) == [true, true])
            #expect(it.invocations.callTime(.milliseconds(1), for: received[1].receipt) == .milliseconds(1))
            _ = try await it.invocations.settle([Settlement(received[0].receipt, .acknowledge)])
            try await eventually("calls must end") {
                try await it.invocations.extend([received[1].receipt], visibility: .seconds(30)) == [false]
            }
            #expect(it.invocations.callTime(.milliseconds(1), for: received[1].receipt) == nil)
            #expect(try await it.response() == nil, "there is time left to settle")
            let open = ids(event)[received[0].id.description == "a" ? 1 : 0]
            #expect(try await it.failures().count == 1)
            #expect([open, ids(event)[0], ids(event)[1]].contains(try await it.failures()[0]))
            #expect(try await it.invocations.settle([Settlement(received[1].receipt, .acknowledge)]) == [.stale])
            #expect(it.reports.list.withLock { $0.count } == 1)
        }
    }

    @Test func `a message of an invocation that is over is not called in the next one`() async throws {
        try await Rig().run { it in
            _ = try await it.queue.send([OutgoingMessage("a")])
            await it.give(try await it.event("triggers"), for: .seconds(5))
            let old = try await it.receive()
            #expect(try await it.failures().count == 1)
            _ = try await it.queue.send([OutgoingMessage("b")])
            await it.give(try await it.event("triggers"), id: "2")
            let new = try await it.receive()
            #expect(it.invocations.callTime(.seconds(1), for: new[0].receipt) == .seconds(1))
            #expect(it.invocations.callTime(.seconds(1), for: old[0].receipt) == nil)
            let receipts = [old[0].receipt, new[0].receipt]
            #expect(try await it.invocations.extend(receipts, visibility: .seconds(30)) == [false, true])
            _ = try await it.invocations.acknowledge(new.map(\.receipt))
            #expect(try await it.failures("2") == [])
        }
    }

    @Test func `a settlement that is overtaken by the invocation's end sends no copy`() async throws {
        let ended = Ended()
        let sqs = VirtualSQS(clock: { Rig.now() })
        let (queue, _) = try await sqs.queues(afterStep: { step in
            if step == .outcome { ended.end() }
        })
        _ = try await queue.send([OutgoingMessage("a")])
        let answer = try await sqs.caller.call(
            .receiveMessage,
            [
                "QueueUrl": "http://localhost/000000000000/triggers", "VisibilityTimeout": 60,
                "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"],
            ])
        let message = try #require(answer["Messages"]?.elements?.first)
        let record = try #require(
            MappingMessage(
                received: message, queueARN: "arn:aws:sqs:us-east-1:000000000000:triggers", region: "us-east-1"))
        let records = try #require(EventRecord.list(of: ["Records": [try JSON(parsing: record.record)]]))
        let received = await queue.adopt(records, for: .seconds(30))
        try #require(received.count == 1)
        ended.action.withLock { $0 = { _ = queue.end(records) } }
        let result = try await queue.settle([
            Settlement(received[0].receipt, .retry(after: .zero), outcome: Array("o".utf8))
        ])
        #expect(result == [.stale])
        let counts = try await sqs.caller.call(
            .getQueueAttributes,
            ["QueueUrl": "http://localhost/000000000000/triggers", "AttributeNames": ["All"]])
        #expect(counts["Attributes"]?["ApproximateNumberOfMessages"]?.text == "0", "the message itself comes again")
    }

    private final class Ended: Sendable {
        let action = Mutex<(@Sendable () -> Void)?>(nil)
        func end() { action.withLock { $0 }?() }
    }

    @Test func `messages of another queue are not worked on`() async throws {
        try await Rig().run { it in
            _ = try await it.outcomes.send([OutgoingMessage("a")])
            let event = try await it.event("outcomes")
            await it.give(event, for: .milliseconds(600))
            #expect(try await it.receive(wait: .milliseconds(50)).isEmpty)
            #expect(try await it.failures() == ids(event))
        }
    }

    @Test func `messages that nobody took are named, and none are given when calls must end`() async throws {
        try await Rig().run { it in
            _ = try await it.queue.send([OutgoingMessage("a")])
            let event = try await it.event("triggers")
            await it.give(event, for: .milliseconds(600))
            try await Task.sleep(for: .milliseconds(400))
            #expect(try await it.receive(wait: .milliseconds(20)).isEmpty)
            #expect(try await it.failures() == ids(event))
        }
    }

    @Test func `a message that is not due, damaged or not Headgate's is not given out`() async throws {
        try await Rig().run { it in
            _ = try await it.queue.send([OutgoingMessage("late", delay: .seconds(2_000)), OutgoingMessage("good")])
            for body in ["not Headgate's"] {
                _ = try await it.sqs.caller.call(
                    .sendMessage, ["QueueUrl": it.url("triggers"), "MessageBody": .string(body)])
            }
            let event = try await it.event("triggers")
            #expect(ids(event).count == 2, "the late one waits in SQS")
            await it.give(event)
            let received = try await it.receive()
            #expect(received.map(\.id.description) == ["good"])
            _ = try await it.invocations.acknowledge(received.map(\.receipt))
            #expect(try await it.failures().count == 1)
            // The same event with another body: its digest is wrong.
            let records = (event["Records"]?.elements ?? []).map { $0.setting("body", "other") }
            await it.give(["Records": .array(records)], id: "2")
            #expect(try await it.receive(wait: .milliseconds(100)).isEmpty)
            #expect(try await it.failures("2").count == 2)
        }
    }

    @Test func `a lapsed message comes as the notice that it died, and a notice that waits is named`() async throws {
        try await Rig(ofOutcomes: true).run { it in
            _ = try await it.queue.send([OutgoingMessage("m", tenant: "acme")])
            for _ in 0..<4 {
                for message in try await it.queue.receive(upTo: 1, visibility: .seconds(30), wait: .zero) {
                    _ = try await it.sqs.caller.call(
                        .changeMessageVisibility,
                        [
                            "QueueUrl": it.url("triggers"), "ReceiptHandle": .string(message.receipt.handle),
                            "VisibilityTimeout": 0,
                        ])
                }
            }
            #expect(try await it.counts("triggers-lapsed") == ["1", "0", "0"])
            let event = try await it.event("triggers-lapsed")
            await it.give(event)
            let received = try await it.receive()
            #expect(String(decoding: received[0].body, as: UTF8.self).hasPrefix("1\tdead\tm\t"))
            _ = try await it.invocations.release(received.map(\.receipt), after: .seconds(50))
            #expect(try await it.failures() == ids(event), "only its visibility timeout brings it back")
            await it.give(event, id: "2")
            let again = try await it.receive()
            #expect(try await it.invocations.confirm(again.map(\.receipt), recorded: [MessageID("m")]) == [true])
            #expect(try await it.failures("2") == [])
            #expect(try await it.counts("triggers-dead") == ["1", "0", "0"])
        }
    }

    @Test func `what is in -lapsed and not Headgate's is buried, and counts as done`() async throws {
        try await Rig(ofOutcomes: true).run { it in
            _ = try await it.sqs.caller.call(
                .sendMessage, ["QueueUrl": it.url("triggers-lapsed"), "MessageBody": "not Headgate's"])
            await it.give(try await it.event("triggers-lapsed"))
            #expect(try await it.failures() == [])
            #expect(try await it.counts("triggers-dead") == ["1", "0", "0"])
        }
    }

    @Test func `an event that is none of SQS fails, and the next is taken`() async throws {
        try await Rig().run { it in
            let events: [JSON] = [
                ["a": 1], ["Records": []], ["Records": [["eventSource": "aws:s3"]]], "text",
            ]
            for (number, event) in events.enumerated() {
                await it.give(event, id: "wrong\(number)")
                try await eventually("it is answered") {
                    if case .error? = await it.work.answer(to: "wrong\(number)") { true } else { false }
                }
            }
            _ = try await it.queue.send([OutgoingMessage("a")])
            await it.give(try await it.event("triggers"))
            _ = try await it.invocations.acknowledge(try await it.receive().map(\.receipt))
            #expect(try await it.failures() == [])
        }
    }

    @Test func `an invocation under way is answered when the function is to stop`() async throws {
        let it = try await Rig()
        let loop = Task { await it.invocations.run() }
        _ = try await it.queue.send([OutgoingMessage("a")])
        let event = try await it.event("triggers")
        await it.give(event)
        _ = try await it.receive()
        await it.invocations.stop()
        await loop.value
        #expect(try await it.failures() == ids(event))
        it.server.stop()
    }
}

extension OutgoingMessage {
    /// A message with little in it.
    fileprivate init(_ id: String, tenant: String = "acme", delay: Duration = .zero) {
        self.init(id: MessageID(id), tenant: tenant, delay: delay, body: Array("body of \(id)".utf8))
    }
}
