import Lambda
import Model
import Testing

/// The machine by itself: events and times in, actions out. Rows are those of docs/lambda-and-sqs.md.
@Suite struct MappingMachineTests {
    private let start = Timestamp(seconds: 1_790_000_000)

    private func machine(
        size: Int? = nil, window: Int? = nil, maximum: Int? = nil, reports: Bool = false, isFIFO: Bool = false,
        visibility: Duration = .seconds(30)
    ) throws -> MappingMachine {
        MappingMachine(
            try MappingConfiguration(
                batchSize: size, window: window, maximumConcurrency: maximum, reportsItemFailures: reports,
                isFIFO: isFIFO), visibility: visibility, now: start)
    }
    private func messages(_ numbers: ClosedRange<Int>, group: String = "", bytes: Int = 100) -> [MappingMessage] {
        numbers.map {
            MappingMessage(
                messageID: "m\($0)", receiptHandle: "h\($0)", body: "\($0)", groupID: group, record: [], bytes: bytes)
        }
    }
    private func at(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }

    @Test("row 37: an idle mapping has one receive of 20 s, and a new one when it ends")
    func idle() throws {
        var machine = try machine()
        #expect(machine.nextDeadline == start)
        #expect(machine.handle(.timePassed, now: start) == [.receive(1, limit: 10, wait: .seconds(20))])
        #expect(machine.nextDeadline == nil)
        #expect(
            machine.handle(.received(receive: 1, []), now: at(20)) == [.receive(2, limit: 10, wait: .seconds(20))])
    }

    @Test("row 34: without a window what a receive finds is a batch at once, and more receives follow")
    func noWindow() throws {
        var machine = try machine(size: 5)
        _ = machine.handle(.timePassed, now: start)
        let actions = machine.handle(.received(receive: 1, messages(1...2)), now: start)
        #expect(
            actions == [
                .invoke(batch: 1, messages(1...2)), .receive(2, limit: 5, wait: .zero),
                .receive(3, limit: 5, wait: .zero),
            ])
        #expect(machine.handle(.finished(batch: 1, .answered([])), now: start) == [.delete(messages(1...2))])
        #expect(machine.handle(.received(receive: 2, []), now: start) == [])
        #expect(
            machine.handle(.received(receive: 3, []), now: start) == [.receive(4, limit: 5, wait: .seconds(20))])
    }

    @Test("row 34: 10,000 messages are one batch of 1,000 receives")
    func fullBatch() throws {
        var machine = try machine(size: 10_000, window: 300, visibility: .seconds(600))
        var asked = machine.handle(.timePassed, now: start)
        var (sent, batches): (Int, [Int]) = (0, [])
        while sent < 10_000 {
            guard !asked.isEmpty else {
                Issue.record("it stopped asking at \(sent)")
                return
            }
            guard case .receive(let number, let limit, _) = asked.removeFirst() else { continue }
            let found = messages(sent + 1...sent + min(limit, 10_000 - sent))
            sent += found.count
            asked += machine.handle(.received(receive: number, found), now: start)
            batches += asked.compactMap { if case .invoke(_, let batch) = $0 { batch.count } else { nil } }
            asked.removeAll { if case .invoke = $0 { true } else { false } }
        }
        #expect(batches == [10_000])
    }

    @Test("row 34: 6 MB end a batch before its window, and what is asked for follows the length of what came")
    func heavyMessages() throws {
        var machine = try machine(size: 10_000, window: 5, maximum: 2)
        let megabyte = 1_024 * 1_024
        _ = machine.handle(.timePassed, now: start)
        let first = machine.handle(.received(receive: 1, messages(1...10, bytes: megabyte)), now: start)
        #expect(
            first == [
                .invoke(batch: 1, messages(1...6, bytes: megabyte)), .receive(2, limit: 2, wait: .zero),
            ], "four of the second batch are there, and there is a slot for no third one")
    }

    @Test("row 34: a message whose visibility timeout ends while it gathers is let go, and its window goes on")
    func lapseWhileGathering() throws {
        var machine = try machine(size: 100, window: 30, visibility: .seconds(30))
        _ = machine.handle(.timePassed, now: start)
        _ = machine.handle(.received(receive: 1, messages(1...1)), now: start)
        _ = machine.handle(.received(receive: 2, []), now: start)
        _ = machine.handle(.received(receive: 3, []), now: start)
        #expect(machine.nextDeadline == at(30))
        #expect(machine.handle(.timePassed, now: at(30)) == [])
        let actions = machine.handle(.received(receive: 4, messages(1...1)), now: at(31))
        #expect(actions.first == .invoke(batch: 1, messages(1...1)), "its window has passed")
    }

    @Test("row 37: a batch that is not accepted is tried again after 1 s, 2 s, 4 s, until its visibility timeout ends")
    func throttled() throws {
        for outcome in [BatchOutcome.throttled, .unavailable] {
            var machine = try machine(visibility: .seconds(10))
            _ = machine.handle(.timePassed, now: start)
            _ = machine.handle(.received(receive: 1, messages(1...3)), now: start)
            for receive in 2...3 { _ = machine.handle(.received(receive: receive, []), now: start) }
            for (seconds, next) in [(0, 1), (1, 3), (3, 7), (7, 10)] {
                _ = machine.handle(.finished(batch: 1, outcome), now: at(seconds))
                #expect(machine.nextDeadline == at(next))
                let actions = machine.handle(.timePassed, now: at(next))
                #expect(actions == (next < 10 ? [.invoke(batch: 1, messages(1...3))] : []))
            }
            #expect(machine.waiting == 0)
        }
    }

    @Test("row 37: after a receive that failed comes the next after 1 s, doubling to 30 s")
    func failedReceives() throws {
        var machine = try machine()
        var (now, number) = (start, 0)
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            let actions = machine.handle(.timePassed, now: now)
            number += 1
            #expect(actions == [.receive(number, limit: 10, wait: .seconds(20))])
            #expect(machine.handle(.receiveFailed(receive: number), now: now) == [])
            #expect(machine.nextDeadline == now + .seconds(pause))
            now = now + .seconds(pause)
        }
        _ = machine.handle(.timePassed, now: now)
        _ = machine.handle(.received(receive: number + 1, []), now: now)
        #expect(machine.handle(.receiveFailed(receive: number + 2), now: now) == [])
        #expect(machine.nextDeadline == now + .seconds(1), "a receive has worked since")
    }

    @Test("row 36: what a function names is not deleted, and does not lower the concurrency")
    func partialBatch() throws {
        var machine = try machine(reports: true)
        _ = machine.handle(.timePassed, now: start)
        _ = machine.handle(.received(receive: 1, messages(1...3)), now: start)
        let answer = Array(#"{"batchItemFailures":[{"itemIdentifier":"m2"}]}"#.utf8)
        let actions = machine.handle(.finished(batch: 1, .answered(answer)), now: start)
        #expect(actions.first == .delete(messages(1...1) + messages(3...3)))
        #expect(machine.allowed(at: start) == 5)
        _ = machine.handle(.received(receive: 2, messages(4...5)), now: start)
        #expect(
            machine.handle(.finished(batch: 2, .failed), now: start).allSatisfy {
                if case .receive = $0 { true } else { false }
            })
        #expect(machine.allowed(at: start) == 2, "a batch that failed does")
    }

    @Test("row 37: FIFO: a second batch of one receive waits for the first, and is let go when that fails")
    func splitGroup() throws {
        let half = MappingConfiguration.longestEvent / 2
        for (outcome, isInvoked) in [(BatchOutcome.answered([]), true), (.failed, false)] {
            var machine = try machine(isFIFO: true)
            _ = machine.handle(.timePassed, now: start)
            let found = messages(1...3, group: "g", bytes: half)
            let actions = machine.handle(.received(receive: 1, found), now: start)
            #expect(actions.first == .invoke(batch: 1, Array(found[..<2])))
            #expect(machine.concurrency == 1)
            let next = machine.handle(.finished(batch: 1, outcome), now: start)
            #expect(next.contains(.invoke(batch: 2, [found[2]])) == isInvoked)
            #expect(machine.waiting == 0)
        }
    }

    @Test("row 37: FIFO: messages of a group that a function has are left alone when they come again")
    func groupHeld() throws {
        var machine = try machine(isFIFO: true)
        _ = machine.handle(.timePassed, now: start)
        let (held, other) = (messages(1...2, group: "g"), messages(3...3, group: "h"))
        _ = machine.handle(.received(receive: 1, held), now: start)
        let actions = machine.handle(.received(receive: 2, held + other), now: at(31))
        #expect(actions.first == .invoke(batch: 2, other))
        #expect(machine.waiting == 0)
    }

    @Test("stop: receives are cancelled, nothing is invoked, and the end comes when all is settled")
    func stop() throws {
        var machine = try machine(size: 10, window: 5)
        _ = machine.handle(.timePassed, now: start)
        _ = machine.handle(.received(receive: 1, messages(1...10)), now: start)
        _ = machine.handle(.received(receive: 2, messages(11...12)), now: start)
        #expect(machine.concurrency == 1 && machine.waiting == 2)
        let actions = machine.handle(.stop, now: start)
        #expect(actions == [.cancel(receive: 3), .cancel(receive: 4)])
        #expect(machine.waiting == 0 && machine.nextDeadline == nil)
        #expect(machine.handle(.stop, now: start) == [], "once more")
        #expect(machine.handle(.timePassed, now: at(10)) == [])
        #expect(machine.handle(.received(receive: 3, messages(13...13)), now: at(10)) == [])
        #expect(machine.handle(.receiveFailed(receive: 4), now: at(10)) == [])
        #expect(
            machine.handle(.finished(batch: 1, .answered([])), now: at(11)) == [.delete(messages(1...10)), .stopped])
        #expect(machine.handle(.finished(batch: 1, .answered([])), now: at(12)) == [], "late")
    }

    @Test("stop: a batch that is not accepted after it is let go")
    func stopThrottled() throws {
        var machine = try machine()
        _ = machine.handle(.timePassed, now: start)
        _ = machine.handle(.received(receive: 1, messages(1...1)), now: start)
        for receive in 2...3 { _ = machine.handle(.received(receive: receive, []), now: start) }
        #expect(machine.handle(.stop, now: start) == [.cancel(receive: 4)])
        #expect(machine.handle(.receiveFailed(receive: 4), now: start) == [])
        #expect(machine.handle(.finished(batch: 1, .throttled), now: start) == [.stopped])
    }

    @Test("events that come twice change nothing")
    func repeated() throws {
        var machine = try machine()
        _ = machine.handle(.timePassed, now: start)
        _ = machine.handle(.received(receive: 1, messages(1...1)), now: start)
        #expect(machine.handle(.received(receive: 1, messages(1...1)), now: start) == [])
        #expect(machine.handle(.receiveFailed(receive: 1), now: start) == [])
        #expect(machine.handle(.finished(batch: 1, .failed), now: start) == [])
        #expect(machine.handle(.finished(batch: 1, .answered([])), now: start) == [])
    }
}
