import Foundation
import HTTP
import Model
import Queue
import SQS
import SQSClient
import SQSClientKit
import SQSFunction
import Synchronization
import Testing

/// What the driver does beside the conformance suite.
@Suite struct SQSQueueTests {
    private final class Rig: Sendable {
        let time = Mutex(Timestamp(seconds: 1_790_000_000))
        let made = Mutex<(VirtualSQS, SQSQueue, SQSQueue)?>(nil)

        init() async throws {
            let sqs = VirtualSQS { [time = ClockBox(self)] in time.now }
            let (queue, outcomes) = try await sqs.queues(QueueConfiguration(maximumReceives: 3))
            made.withLock { $0 = (sqs, queue, outcomes) }
        }
        var sqs: VirtualSQS { made.withLock { $0!.0 } }
        var queue: SQSQueue { made.withLock { $0!.1 } }
        var outcomes: SQSQueue { made.withLock { $0!.2 } }
        func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
        func receive(_ limit: Int = 10) async throws -> [ReceivedMessage] {
            try await queue.receive(upTo: limit, visibility: .seconds(30), wait: .zero)
        }
        func notices() async throws -> [ReceivedMessage] {
            try await outcomes.receive(upTo: 10, visibility: .seconds(30), wait: .zero)
        }
        func counts(_ name: String) async throws -> [String] {
            let answer = try await sqs.caller.call(
                .getQueueAttributes,
                ["QueueUrl": .string("http://localhost/000000000000/\(name)"), "AttributeNames": ["All"]])
            return ["", "NotVisible", "Delayed"].map {
                answer["Attributes"]?["ApproximateNumberOfMessages\($0)"]?.text ?? "-"
            }
        }
    }
    private struct ClockBox: Sendable {
        weak let rig: Rig?
        init(_ rig: Rig) { self.rig = rig }
        var now: Timestamp { rig?.time.withLock { $0 } ?? .epoch }
    }

    // MARK: Delays

    @Test func `a delay of hours is reached by copies, without a receive or an attempt`() async throws {
        let it = try await Rig()
        _ = try await it.queue.send([OutgoingMessage("m", delay: .seconds(4_000))])
        for hop in 1...4 {
            it.advance(.seconds(899))
            #expect(try await it.receive().isEmpty, "hop \(hop)")
            #expect(try await it.counts("triggers") == ["0", "0", "1"])
            it.advance(.seconds(1))
            #expect(try await it.receive().isEmpty, "hop \(hop)")
            #expect(try await it.counts("triggers") == ["0", "0", "1"], "one message, that waits")
        }
        it.advance(.seconds(399))
        #expect(try await it.receive().isEmpty)
        it.advance(.seconds(1))
        let received = try await it.receive()
        #expect(received.map(\.receives) == [1] && received.map(\.attempts) == [0])
    }

    @Test func `messages behind those that are not due yet are received in the same call`() async throws {
        let it = try await Rig()
        _ = try await it.queue.send((0..<25).map { OutgoingMessage("late\($0)", delay: .seconds(2_000)) })
        it.advance(.seconds(900))
        _ = try await it.queue.send([OutgoingMessage("now")])
        #expect(try await it.receive().map(\.id.description) == ["now"])
        #expect(try await it.counts("triggers") == ["0", "1", "25"])
    }

    @Test func `a copy that cannot be sent leaves its original`() async throws {
        let it = try await Rig()
        _ = try await it.queue.send([OutgoingMessage("m", delay: .seconds(1_000))])
        it.advance(.seconds(900))
        it.sqs.http.react { $0.action == "SendMessageBatch" ? .answer(503, .object([])) : .pass }
        #expect(try await it.receive().isEmpty)
        #expect(try await it.counts("triggers") == ["0", "1", "0"])
        it.sqs.http.react { _ in .pass }
        it.advance(.seconds(100))
        #expect(try await it.receive().map(\.id.description) == ["m"])
    }

    // MARK: What travels

    @Test(arguments: ["a", "tenant-1", "", "a b", "ä", String(repeating: "x", count: 129), "%2F\t\"\\"])
    func `id, tenant and body come back, and the tenant is the group where it can be`(tenant: String) async throws {
        let it = try await Rig()
        let bodies: [[UInt8]] = [
            [0], Array("text \u{1F600} \r\n\"".utf8), [0xFF, 0xFE], Array("\u{FFFF}".utf8), [0xED, 0xA0, 0x80],
        ]
        it.sqs.http.forget()
        _ = try await it.queue.send(
            bodies.enumerated().map {
                OutgoingMessage(
                    id: MessageID("id \($0) %/ä"), tenant: tenant, generation: 7, attempts: 3, body: $1)
            })
        let groups = Set(it.sqs.http.calls.flatMap(\.entries).map { $0["MessageGroupId"]?.text })
        #expect(groups == [["a", "tenant-1"].contains(tenant) ? tenant : nil])
        let received = try await it.receive().sorted { $0.id.description < $1.id.description }
        #expect(received.map(\.body) == bodies)
        #expect(received.map(\.id.description) == (0..<5).map { "id \($0) %/ä" })
        #expect(received.allSatisfy { $0.tenant == tenant && $0.generation == 7 && $0.attempts == 3 })
    }

    @Test func `a receive of a hundred is one long poll and then short ones beside each other`() async throws {
        let it = try await Rig()
        _ = try await it.queue.send((0..<37).map { OutgoingMessage("m\($0)") })
        it.sqs.http.forget()
        let received = try await it.queue.receive(upTo: 35, visibility: .seconds(30), wait: .seconds(20))
        #expect(received.count == 35 && Set(received.map(\.id)).count == 35)
        let polls = it.sqs.http.calls.filter { $0.action == "ReceiveMessage" }
        #expect(polls.map { $0.input["WaitTimeSeconds"]?.int }.sorted { $0! > $1! } == [20, 0, 0, 0])
        #expect(polls.compactMap { $0.input["MaxNumberOfMessages"]?.int }.sorted() == [5, 10, 10, 10])
    }

    @Test(.timeLimit(.minutes(1))) func `cancelling ends the wait of a receive`() async throws {
        let it = try await Rig()
        let begun = ContinuousClock.now
        let queue = it.queue
        let task = Task { try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .seconds(20)) }
        while await it.sqs.endpoint.waitingPolls == 0 { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        #expect(try await task.value.isEmpty)
        #expect(.now - begun < .seconds(15))
    }

    @Test(.timeLimit(.minutes(1))) func `a waiting receive gets what is sent meanwhile`() async throws {
        let it = try await Rig()
        let queue = it.queue
        async let received = queue.receive(upTo: 10, visibility: .seconds(30), wait: .seconds(20))
        while await it.sqs.endpoint.waitingPolls == 0 { try await Task.sleep(for: .milliseconds(5)) }
        _ = try await queue.send([OutgoingMessage("m")])
        #expect(try await received.map(\.id.description) == ["m"])
    }

    // MARK: Lapsed messages

    /// Receives a message until SQS moves it.
    private func lapse(_ it: Rig, _ message: OutgoingMessage) async throws {
        _ = try await it.queue.send([message])
        for _ in 0..<3 {
            #expect(try await it.receive().count == 1)
            it.advance(.seconds(30))
        }
        #expect(try await it.receive().isEmpty)
        #expect(try await it.counts("triggers-lapsed") == ["1", "0", "0"])
    }

    @Test func `a message whose receivers all die becomes a notice, and on its confirmation a dead letter`()
        async throws
    {
        let it = try await Rig()
        try await lapse(it, OutgoingMessage(id: MessageID("m"), tenant: "a", generation: 7, attempts: 2, body: [1]))
        #expect(try await it.queue.statistics().dead == 1)
        let notices = try await it.notices()
        #expect(
            notices.map { String(decoding: $0.body, as: UTF8.self) }
                == ["1\tdead\tm\t7\treceived 3 times without an outcome\n"])
        #expect(notices.map(\.id.description) == ["m"] && notices.map(\.receives) == [1])
        it.sqs.http.forget()
        #expect(try await it.outcomes.confirm(notices.map(\.receipt), recorded: [MessageID("m")]) == [true])
        #expect(
            it.sqs.http.calls.filter { $0.action.hasSuffix("Batch") }.map { "\($0.action) \($0.queue)" }
                == ["SendMessageBatch triggers-dead", "DeleteMessageBatch triggers-lapsed"])
        let letter = try #require(it.sqs.http.calls.flatMap(\.entries).first)
        #expect(
            letter["MessageAttributes"]?["headgate-reason"]?["StringValue"]?.text
                == "received 3 times without an outcome")
        #expect(letter["MessageAttributes"]?["headgate"]?["StringValue"]?.text == "1 m a 2 7 - b")
        #expect(try await it.counts("triggers-lapsed") == ["0", "0", "0"])
        #expect(try await it.counts("triggers-dead") == ["1", "0", "0"])
        #expect(try await it.outcomes.confirm(notices.map(\.receipt), recorded: []) == [false])
    }

    @Test func `a notice that is not confirmed, or is released, comes again`() async throws {
        let it = try await Rig()
        try await lapse(it, OutgoingMessage("m"))
        let first = try await it.notices()
        #expect(first.count == 1)
        it.advance(.seconds(30))
        let second = try await it.notices()
        #expect(second.map(\.body) == first.map(\.body) && second.map(\.receives) == [2])
        #expect(try await it.outcomes.release(second.map(\.receipt), after: .seconds(5)) == [true])
        it.advance(.seconds(10))
        #expect(try await it.notices().map(\.receives) == [3])
    }

    @Test func `a message that is not Headgate's is passed over, and ends as a dead letter without a notice`()
        async throws
    {
        let it = try await Rig()
        _ = try await it.sqs.caller.call(
            .sendMessage, ["QueueUrl": "http://localhost/000000000000/triggers", "MessageBody": "hello"])
        _ = try await it.queue.send([OutgoingMessage("m")])
        #expect(try await it.receive().map(\.id.description) == ["m"])
        #expect(it.sqs.reported.count == 1)
        for _ in 0..<3 {
            it.advance(.seconds(30))
            _ = try await it.queue.acknowledge(it.receive().map(\.receipt))
        }
        #expect(try await it.notices().isEmpty)
        #expect(try await it.counts("triggers-lapsed") == ["0", "0", "0"])
        #expect(try await it.counts("triggers-dead") == ["1", "0", "0"])
    }

    // MARK: Looking

    @Test func `a queue holds everything until it was empty at three looks a minute apart`() async throws {
        let it = try await Rig()
        func look() async throws -> Bool { try await it.queue.holds([(MessageID("m"), 0)])[0] }
        #expect(try await look())
        it.advance(.seconds(59))
        #expect(try await look())
        it.advance(.seconds(1))
        #expect(try await look(), "the second look")
        it.advance(.seconds(59))
        #expect(try await look())
        it.advance(.seconds(1))
        #expect(try await !look(), "the third look")
        #expect(try await !look())
        _ = try await it.queue.send([OutgoingMessage("m")])
        let received = try await it.receive()
        _ = try await it.queue.settle([Settlement(received[0].receipt, .acknowledge, outcome: Array("x\n".utf8))])
        for _ in 0..<4 {
            #expect(try await look(), "its outcome is not recorded")
            it.advance(.seconds(60))
        }
        let outcomes = try await it.notices()
        _ = try await it.outcomes.confirm(outcomes.map(\.receipt), recorded: [MessageID("m")])
        for _ in 0..<2 {
            #expect(try await look())
            it.advance(.seconds(60))
        }
        #expect(try await !look())
    }

    @Test func `a send begins the looks anew, before its counts can be seen`() async throws {
        let it = try await Rig()
        for _ in 0..<3 {
            _ = try await it.queue.holds([])
            it.advance(.seconds(60))
        }
        #expect(try await it.queue.holds([(MessageID("m"), 0)]) == [false])
        // Counts that lag: the message is gone from them at once.
        _ = try await it.queue.send([OutgoingMessage("m")])
        _ = try await it.queue.acknowledge(it.receive().map(\.receipt))
        #expect(try await it.queue.holds([(MessageID("m"), 0)]) == [true])
    }

    @Test func `statistics, pressure and purge are SQS's counts`() async throws {
        let it = try await Rig()
        _ = try await it.queue.send([OutgoingMessage("a"), OutgoingMessage("b"), OutgoingMessage("c")])
        _ = try await it.queue.send([OutgoingMessage("d", delay: .seconds(9))])
        let held = try await it.receive(2)
        _ = try await it.queue.settle([Settlement(held[0].receipt, .bury(reason: "no"))])
        let statistics = try await it.queue.statistics()
        #expect(statistics.ready == 1 && statistics.delayed == 1 && statistics.inFlight == 1 && statistics.dead == 1)
        let pressure = try await it.queue.pressure()
        #expect(pressure.fullestShard == 3 && pressure.waiting == 1 && pressure.memoryUse == nil)
        #expect(try await it.queue.purge() == 3)
        #expect(try await it.counts("triggers") == ["0", "0", "0"])
        #expect(try await it.queue.acknowledge([held[1].receipt]) == [false])
        let error = await #expect(throws: QueueError.self) { try await it.queue.purge() }
        #expect(error?.isRetryable == true)
        #expect(try await it.queue.cancel([MessageID("d")]) == [.inFlight])
    }

    @Test func `making queues again changes their settings`() async throws {
        let it = try await Rig()
        for receives in [3, 5] {
            try await SQSQueue.create(
                .triggers, configuration: QueueConfiguration(visibility: .seconds(77), maximumReceives: receives),
                caller: it.sqs.caller)
            let answer = try await it.sqs.caller.call(
                .getQueueAttributes,
                ["QueueUrl": "http://localhost/000000000000/triggers", "AttributeNames": ["All"]])
            #expect(
                answer["Attributes"]?["RedrivePolicy"]?.text
                    == #"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:triggers-lapsed","maxReceiveCount":\#(receives)}"#
            )
            #expect(answer["Attributes"]?["VisibilityTimeout"]?.text == "77")
            #expect(answer["Attributes"]?["MessageRetentionPeriod"]?.text == "1209600")
        }
    }
}
