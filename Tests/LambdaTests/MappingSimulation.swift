import Lambda
import Memory
import Model
import SQS
import Synchronization

/// A mapping at work: `MappingMachine`, a queue in memory and functions that take a given time, on a clock that only this
/// moves. What breaks a rule that always holds is noted in `faults`.
final class MappingSimulation {
    /// What a function does with a batch: how long it takes, and how it ends.
    typealias Function = (_ batch: [MappingMessage], _ now: Timestamp) -> (Duration, BatchOutcome)

    private let time: SimulatedTime
    private let store: InMemorySQSStore
    let queue: QueueRecord
    let dead: QueueRecord?
    var machine: MappingMachine
    private let configuration: MappingConfiguration
    var function: Function
    /// How long a receive takes besides waiting.
    var latency: () -> Duration = { .zero }
    /// Whether a receive fails.
    var fails: () -> Bool = { false }
    /// What a message counts for the length of an event.
    var bytes = 100
    /// Sent whenever fewer than `visibleAtLeast` messages can be received; nil: no more.
    var backlog: () -> SQSDelivery? = { nil }
    private let visibleAtLeast = 30

    private var agenda = Heap<Entry>()
    private var order = 0
    private var polls: [(number: Int, limit: Int, end: Timestamp)] = []
    /// When visibility timeouts end, so that a waiting receive may find something.
    private var lapses = Heap<Timestamp>()
    private var asked: [Int: Int] = [:]
    private var handles: [String: (handle: ReceiptHandle, group: String)] = [:]
    private var functions: [Int: [MappingMessage]] = [:]
    private var settled: Set<String> = []

    private(set) var faults: [String] = []
    private(set) var invocations: [(time: Timestamp, messages: [MappingMessage])] = []
    private(set) var receives: [(time: Timestamp, limit: Int, wait: Duration)] = []
    private(set) var handled: Set<String> = []
    private(set) var deleted: Set<String> = []
    private(set) var mostAtOnce = 0
    private(set) var isStopped = false

    var now: Timestamp { time.now }
    var concurrency: Int { functions.count }

    private struct Entry: Comparable {
        enum What {
            case answer(receive: Int, [MappingMessage]?)
            case finish(batch: Int, BatchOutcome)
            case call(@Sendable (MappingSimulation) async throws -> Void)
        }
        var time: Timestamp
        var order: Int
        var what: What

        static func < (left: Entry, right: Entry) -> Bool { (left.time, left.order) < (right.time, right.order) }
        static func == (left: Entry, right: Entry) -> Bool { left.order == right.order }
    }

    /// - Parameter maximumReceives: nil: there is no dead-letter queue.
    init(
        _ configuration: MappingConfiguration, visibility: Int = 30, maximumReceives: Int? = nil,
        function: @escaping Function = { _, _ in (.milliseconds(100), .answered([])) }
    ) async throws {
        let time = SimulatedTime()
        self.time = time
        self.configuration = configuration
        self.function = function
        store = InMemorySQSStore { time.now }
        let suffix = configuration.isFIFO ? ".fifo" : ""
        func record(_ name: String, _ values: [(String, String)]) throws -> QueueRecord {
            let realm = SQSRealm(account: "000000000000", region: "us-east-1")
            var attributes = QueueAttributes(isFIFO: configuration.isFIFO)
            try attributes.set(values, isNew: true)
            return QueueRecord(
                address: QueueAddress(realm: realm, name: name + suffix), incarnation: 1,
                created: Int(time.now.seconds), attributes: attributes)
        }
        var values = [("VisibilityTimeout", "\(visibility)")]
        let dead = try maximumReceives.map { _ in try record("dead", []) }
        if let dead, let maximumReceives {
            values.append(
                (
                    "RedrivePolicy",
                    #"{"deadLetterTargetArn":"\#(dead.address.arn)","maxReceiveCount":\#(maximumReceives)}"#
                ))
            _ = try await store.create(dead)
        }
        self.dead = dead
        queue = try record("orders", values)
        _ = try await store.create(queue)
        machine = MappingMachine(configuration, visibility: .seconds(visibility), now: time.now)
    }

    // MARK: What a test does

    static func delivery(_ number: Int, body: String? = nil, group: String = "") -> SQSDelivery {
        var message = SQSMessage(
            id: Identifier(high: 0, low: UInt64(number)), body: body ?? "\(number)", senderID: "AIDATEST")
        message.groupID = group
        if !group.isEmpty { message.deduplicationID = "\(number)" }
        return SQSDelivery(message)
    }

    func send(_ deliveries: [SQSDelivery]) async throws {
        _ = try await store.send(deliveries, to: queue)
        try await servePolls()
    }

    /// Does something at a time to come.
    func at(_ delay: Duration, _ body: @escaping @Sendable (MappingSimulation) async throws -> Void) {
        plan(delay, .call(body))
    }

    func stop() async throws { try await tell(.stop) }

    /// Lets so much time pass. Ends early when the mapping has stopped.
    func run(for duration: Duration) async throws {
        let end = now + duration
        while !isStopped {
            let deadline = machine.nextDeadline
            while let lapse = lapses.first, lapse <= now { _ = lapses.popFirst() }
            let lapse = polls.isEmpty ? nil : lapses.first
            let next = [agenda.first?.time, deadline, polls.map(\.end).min(), lapse].compactMap { $0 }.min()
            guard let next, next <= end else { break }
            time.move(to: next)
            if let entry = agenda.first, entry.time <= now {
                _ = agenda.popFirst()
                try await perform(entry.what)
            } else if let place = polls.firstIndex(where: { $0.end <= now }) {
                answer(polls.remove(at: place).number, [])
            } else if let deadline, deadline <= now {
                try await tell(.timePassed)
                if let again = machine.nextDeadline, again <= now { faults.append("deadline \(again) is past") }
            } else {
                try await servePolls()
            }
        }
        if !isStopped { time.move(to: end) }
    }

    func counts(_ queue: QueueRecord?) async throws -> Int {
        guard let queue else { return 0 }
        let counts = try await store.counts(of: queue)
        return counts.visible + counts.inFlight + counts.delayed
    }

    /// What is in the dead-letter queue.
    func letters() async throws -> [SQSStoredMessage] {
        guard let dead else { return [] }
        return try await store.peek(.visible, limit: .max, in: dead)
    }

    // MARK: The queue

    private func servePolls() async throws {
        for poll in polls {
            let found = try await receive(poll.limit)
            if found.isEmpty { return }
            polls.removeAll { $0.number == poll.number }
            answer(poll.number, found)
        }
    }

    private func receive(_ limit: Int) async throws -> [MappingMessage] {
        var visible = try await store.counts(of: queue).visible
        var more: [SQSDelivery] = []
        while visible < visibleAtLeast, let delivery = backlog() {
            more.append(delivery)
            visible += 1
        }
        if !more.isEmpty { _ = try await store.send(more, to: queue) }
        let found = try await store.receive(SQSReceive(limit: limit), from: queue).messages
        if !found.isEmpty { lapses.insert(now + .seconds(queue.settings.visibility)) }
        return found.map { stored in
            let text = "handle \(stored.number) \(stored.receives)"
            let group = configuration.isFIFO ? stored.message.groupID : ""
            handles[text] = (stored.handle(in: queue), group)
            return MappingMessage(
                messageID: "\(stored.message.id)", receiptHandle: text, body: stored.message.body, groupID: group,
                record: [], bytes: bytes)
        }
    }

    private func answer(_ number: Int, _ messages: [MappingMessage]?) {
        plan(latency(), .answer(receive: number, messages))
    }

    // MARK: The machine

    private func plan(_ delay: Duration, _ what: Entry.What) {
        order += 1
        agenda.insert(Entry(time: now + delay, order: order, what: what))
    }

    private func perform(_ what: Entry.What) async throws {
        switch what {
        case .answer(let number, let messages):
            asked[number] = nil
            try await tell(messages.map { .received(receive: number, $0) } ?? .receiveFailed(receive: number))
        case .finish(let number, let outcome):
            let messages = functions.removeValue(forKey: number) ?? []
            if case .answered(let answer) = outcome {
                let verdict = BatchVerdict(
                    answer: answer, ids: Set(messages.map(\.messageID)),
                    reportsItemFailures: configuration.reportsItemFailures)
                let done = Set(verdict.deleted(of: messages.map(\.messageID)))
                for message in messages where done.contains(message.messageID) {
                    settled.insert(message.receiptHandle)
                    handled.insert(message.messageID)
                }
            }
            try await tell(.finished(batch: number, outcome))
        case .call(let body): try await body(self)
        }
    }

    private func tell(_ event: MappingMachine.Event) async throws {
        let actions = machine.handle(event, now: now)
        if isStopped, !actions.isEmpty { faults.append("\(actions) after the end") }
        for action in actions { try await perform(action) }
    }

    private func perform(_ action: MappingMachine.Action) async throws {
        switch action {
        case .receive(let number, let limit, let wait): try await startReceive(number, limit, wait)
        case .cancel(let number):
            guard let place = polls.firstIndex(where: { $0.number == number }) else { return }
            polls.remove(at: place)
            plan(.zero, .answer(receive: number, nil))
        case .invoke(let number, let messages): try await startFunction(number, messages)
        case .delete(let messages): try await delete(messages)
        case .stopped:
            isStopped = true
            if !functions.isEmpty || !asked.isEmpty { faults.append("it has stopped with something under way") }
        }
    }

    private func startReceive(_ number: Int, _ limit: Int, _ wait: Duration) async throws {
        receives.append((now, limit, wait))
        asked[number] = limit
        // What is asked for, and what waits for a function, fits into the slots that are free.
        let free = machine.allowed(at: now) - machine.concurrency
        let wanted = machine.waiting + asked.values.reduce(0, +)
        if wanted > free * configuration.batchSize || (configuration.window == 0 && asked.count > free) {
            faults.append("it asks for \(wanted) messages with \(free) slots")
        }
        if limit < 1 || limit > 10 { faults.append("a receive of \(limit)") }
        if fails() { return answer(number, nil) }
        let found = try await receive(limit)
        if found.isEmpty, wait > .zero {
            polls.append((number, limit, now + wait))
            if polls.count > 2 { faults.append("\(polls.count) receives wait") }
        } else {
            answer(number, found)
        }
    }

    private func startFunction(_ number: Int, _ messages: [MappingMessage]) async throws {
        if functions[number] != nil { faults.append("batch \(number) runs twice") }
        if functions.count >= machine.allowed(at: now) { faults.append("one more than \(functions.count) batches") }
        if messages.isEmpty || messages.count > configuration.batchSize {
            faults.append("a batch of \(messages.count)")
        }
        if messages.reduce(0, { $0 + $1.bytes }) > MappingConfiguration.longestEvent { faults.append("a long event") }
        if configuration.isFIFO { try await checkOrder(messages) }
        functions[number] = messages
        mostAtOnce = max(mostAtOnce, functions.count)
        invocations.append((now, messages))
        let (duration, outcome) = function(messages, now)
        plan(duration, .finish(batch: number, outcome))
    }

    /// FIFO: no other batch has messages of its groups, and no message of the queue that a function is to see comes before
    /// one of the batch in its group, except within the batch.
    private func checkOrder(_ messages: [MappingMessage]) async throws {
        let groups = Set(messages.map(\.groupID))
        for other in functions.values where !groups.isDisjoint(with: other.map(\.groupID)) {
            faults.append("a group is in two batches at once")
        }
        let present =
            try await store.peek(.inFlight, limit: .max, in: queue)
            + store.peek(.visible, limit: .max, in: queue)
        var before: [String: Set<Int>] = [:]
        for message in messages {
            guard let number = handles[message.receiptHandle]?.handle.number else { continue }
            let skipped = present.first {
                $0.message.groupID == message.groupID && $0.number < number
                    && before[message.groupID]?.contains($0.number) != true
                    && configuration.accepts(body: $0.message.body)
            }
            if let skipped { faults.append("\(number) overtakes \(skipped.number) of group \(message.groupID)") }
            before[message.groupID, default: []].insert(number)
        }
    }

    private func delete(_ messages: [MappingMessage]) async throws {
        for message in messages where !settled.contains(message.receiptHandle) {
            if configuration.accepts(body: message.body) { faults.append("\(message.body) is deleted unhandled") }
        }
        deleted.formUnion(messages.map(\.messageID))
        _ = try await store.delete(messages.compactMap { handles[$0.receiptHandle]?.handle }, from: queue)
        try await servePolls()
    }
}

/// The time of a simulation.
private final class SimulatedTime: Sendable {
    private let time = Mutex(Timestamp(seconds: 1_790_000_000))
    var now: Timestamp { time.withLock { $0 } }
    func move(to later: Timestamp) { time.withLock { $0 = max($0, later) } }
}
