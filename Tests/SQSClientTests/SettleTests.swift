import Foundation
import HTTP
import Model
import Queue
import SQSClient
import SQSClientKit
import Synchronization
import Testing

/// The order of a settlement's steps, and what is repeated after an error (protocols.md, 5).
@Suite struct SettleTests {
    struct Crash: Error {}

    /// A verdict and the steps that it has.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case acknowledge, retry, release, bury
        var testDescription: String { rawValue }

        var verdict: Settlement.Verdict {
            switch self {
            case .acknowledge: .acknowledge
            case .retry: .retry(after: .zero)
            case .release: .release(after: .zero)
            case .bury: .bury(reason: "no")
            }
        }
        var outcome: [UInt8] { self == .release ? [] : Array("line\n".utf8) }
        /// Calls in their order: action and queue.
        var steps: [(SettleStep, String)] {
            let outcome = (SettleStep.outcome, "SendMessageBatch outcomes")
            let delete = (SettleStep.delete, "DeleteMessageBatch triggers")
            return switch self {
            case .acknowledge: [outcome, delete]
            case .retry: [outcome, (.successor, "SendMessageBatch triggers"), delete]
            case .release: [(.successor, "SendMessageBatch triggers"), delete]
            case .bury: [outcome, (.successor, "SendMessageBatch triggers-dead"), delete]
            }
        }
    }

    private final class Rig: Sendable {
        let time = Mutex(Timestamp(seconds: 1_790_000_000))
        let sqs: VirtualSQS
        let queue: SQSQueue
        let outcomes: SQSQueue
        let crash: Mutex<SettleStep?>

        init() async throws {
            let clock = ClockBox()
            sqs = VirtualSQS { clock.time.withLock { $0 } }
            let crash = CrashBox()
            (queue, outcomes) = try await sqs.queues(QueueConfiguration(maximumReceives: 3)) { step in
                if crash.step.withLock({ $0 }) == step { throw Crash() }
            }
            self.clock = clock
            box = crash
            self.crash = Mutex(nil)
        }
        private let clock: ClockBox
        private let box: CrashBox

        func advance(_ duration: Duration) { clock.time.withLock { $0 = $0 + duration } }
        func crash(after step: SettleStep?) { box.step.withLock { $0 = step } }
        func receive() async throws -> [ReceivedMessage] {
            try await queue.receive(upTo: 10, visibility: .seconds(30), wait: .zero)
        }
        func outcomeLines() async throws -> [String] {
            try await outcomes.receive(upTo: 100, visibility: .seconds(30), wait: .zero).map {
                String(decoding: $0.body, as: UTF8.self)
            }
        }
        /// Action and queue of the calls that change something.
        var changes: [String] {
            sqs.http.calls.filter { $0.action.hasSuffix("Batch") }.map { "\($0.action) \($0.queue)" }
        }
        var counts: (queue: Int, dead: Int) {
            get async throws {
                let statistics = try await queue.statistics()
                return (statistics.ready + statistics.delayed + statistics.inFlight, statistics.dead)
            }
        }
    }
    private final class ClockBox: Sendable { let time = Mutex(Timestamp(seconds: 1_790_000_000)) }
    private final class CrashBox: Sendable { let step = Mutex<SettleStep?>(nil) }

    @Test(arguments: Way.allCases) func `steps come in the order outcome, successor, delete`(way: Way) async throws {
        let it = try await Rig()
        _ = try await it.queue.send((0..<3).map { OutgoingMessage("m\($0)") })
        let received = try await it.receive()
        it.sqs.http.forget()
        let results = try await it.queue.settle(
            received.map { Settlement($0.receipt, way.verdict, outcome: way.outcome) })
        #expect(results == [.settled, .settled, .settled])
        #expect(it.changes == way.steps.map(\.1))
        #expect(it.sqs.http.calls.filter { $0.action.hasSuffix("Batch") }.allSatisfy { $0.entries.count == 3 })
        #expect(try await it.outcomeLines().count == (way == .release ? 0 : 3))
        let again = try await it.receive()
        #expect(again.count == (way == .retry || way == .release ? 3 : 0))
        #expect(again.allSatisfy { $0.attempts == (way == .retry ? 1 : 0) && $0.receives == 1 })
        #expect(try await it.counts.dead == (way == .bury ? 3 : 0))
    }

    /// What the failing step's call does: it is refused by the service, or carried out and its answer lost.
    @Test(arguments: Way.allCases, SettleStep.allCases)
    func `after an error a repeated call goes on at the step that failed`(way: Way, step: SettleStep) async throws {
        guard way.steps.contains(where: { $0.0 == step }) else { return }
        let it = try await Rig()
        _ = try await it.queue.send([OutgoingMessage("m"), OutgoingMessage("n")])
        let received = try await it.receive()
        let settlements = received.map { Settlement($0.receipt, way.verdict, outcome: way.outcome) }
        let failing = way.steps.first { $0.0 == step }!.1
        it.sqs.http.forget()
        it.sqs.http.react { call in
            "\(call.action) \(call.queue)" == failing ? .answer(503, ["__type": "x#ServiceUnavailable"]) : .pass
        }
        let error = await #expect(throws: QueueError.self) { try await it.queue.settle(settlements) }
        #expect(error?.isRetryable == true)
        let before = way.steps.prefix { $0.0 != step }.map(\.1)
        #expect(it.changes == before + Array(repeating: failing, count: 4), "nothing after the step that failed")
        it.sqs.http.react { _ in .pass }
        it.sqs.http.forget()
        #expect(try await it.queue.settle(settlements) == [.settled, .settled])
        #expect(it.changes == way.steps.drop { $0.0 != step }.map(\.1), "no step that succeeded is repeated")
        #expect(try await it.queue.settle(settlements) == [.stale, .stale])
        #expect(try await it.outcomeLines().count == (way == .release ? 0 : 2))
        let counts = try await it.counts
        #expect(counts.queue == (way == .retry || way == .release ? 2 : 0) && counts.dead == (way == .bury ? 2 : 0))
    }

    @Test(arguments: Way.allCases, SettleStep.allCases)
    func `a crash after a step repeats the call and loses nothing`(way: Way, step: SettleStep) async throws {
        guard way.steps.contains(where: { $0.0 == step }) else { return }
        let it = try await Rig()
        _ = try await it.queue.send([OutgoingMessage("m")])
        let received = try await it.receive()
        it.crash(after: step)
        it.sqs.http.forget()
        let settlement = Settlement(received[0].receipt, way.verdict, outcome: way.outcome)
        await #expect(throws: QueueError.self) { try await it.queue.settle([settlement]) }
        #expect(it.changes == way.steps.prefix { $0.0 != step }.map(\.1) + [way.steps.first { $0.0 == step }!.1])
        it.crash(after: nil)
        // The process is gone; its lease lapses.
        it.advance(.seconds(30))
        let there = it.sqs.unmade(QueueConfiguration(maximumReceives: 3)).queue
        let again = try await there.receive(upTo: 10, visibility: .seconds(30), wait: .zero)
        let copies = way == .retry || way == .release ? 1 : 0
        switch step {
        case .outcome: #expect(again.map(\.receives) == [2])
        case .successor: #expect(again.count == 1 + copies)
        case .delete: #expect(again.count == copies)
        }
    }

    @Test func `an entry goes on only when its own step before succeeded`() async throws {
        let it = try await Rig()
        _ = try await it.queue.send((0..<3).map { OutgoingMessage("m\($0)") })
        let received = try await it.receive()
        it.sqs.http.forget()
        it.sqs.http.react { call in
            guard call.action == "SendMessageBatch", call.queue == "outcomes" else { return .pass }
            // The first entry is refused, for good.
            let id = call.entries[0]["Id"]!
            return .alter { input in
                input.setting("Entries", .array(Array((input["Entries"]?.elements ?? []).dropFirst())))
            } answer: { answer in
                answer.setting(
                    "Failed", [["Id": id, "SenderFault": true, "Code": "InvalidMessageContents", "Message": "x"]])
            }
        }
        let settlements = received.map { Settlement($0.receipt, .acknowledge, outcome: Array("x\n".utf8)) }
        let error = await #expect(throws: QueueError.self) { try await it.queue.settle(settlements) }
        #expect(error?.code == .refused)
        #expect(it.sqs.http.calls.filter { $0.action == "DeleteMessageBatch" }.map(\.entries.count) == [2])
        #expect(it.changes.count { $0 == "SendMessageBatch outcomes" } == 1, "a sender's fault is not repeated")
        it.sqs.http.react { _ in .pass }
        #expect(try await it.queue.settle(settlements) == [.settled, .stale, .stale])
        #expect(try await it.outcomeLines().count == 3)
    }

    @Test func `a receipt is stale a second before its visibility timeout ends, unless it is extended`() async throws {
        let it = try await Rig()
        _ = try await it.queue.send([OutgoingMessage("m"), OutgoingMessage("n")])
        let received = try await it.receive()
        it.advance(.seconds(20))
        #expect(try await it.queue.extend([received[1].receipt], visibility: .seconds(30)) == [true])
        it.advance(.milliseconds(9_001))
        it.sqs.http.forget()
        #expect(try await it.queue.acknowledge(received.map(\.receipt)) == [false, true])
        #expect(it.changes == ["DeleteMessageBatch triggers"])
    }

    @Test func `a dead letter says why, in characters that SQS allows`() async throws {
        let it = try await Rig()
        _ = try await it.queue.send([OutgoingMessage("m")])
        let received = try await it.receive()
        it.sqs.http.forget()
        _ = try await it.queue.settle([Settlement(received[0].receipt, .bury(reason: "no\u{0} ürsache"))])
        let entry = try #require(
            it.sqs.http.calls.first { $0.queue == "triggers-dead" && !$0.entries.isEmpty }?.entries[0])
        #expect(entry["MessageAttributes"]?["headgate-reason"]?["StringValue"]?.text == "no  ürsache")
        #expect(entry["MessageAttributes"]?["headgate"]?["StringValue"]?.text == "1 m a 1 0 - t")
        #expect(entry["MessageBody"]?.text == "xxxx")
    }
}
