package import Model
package import Queue
package import SQSClient
private import Synchronization

/// A queue as a function of AWS Lambda sees it: `receive` gives the messages of the invocations that `run` takes, one
/// invocation at a time.
///
/// Messages are settled as `SQSQueue` settles them, but for their deletion. An invocation is answered when all are
/// settled, or shortly before its time is over. What is not settled then is named in `batchItemFailures`, and comes again
/// when its visibility timeout ends; what is still done about it is void.
package actor InvocationQueue: MessageQueue {
    private let queue: SQSQueue
    private let runtime: RuntimeAPI
    private let clock: @Sendable () -> Timestamp
    private let uptime: @Sendable () -> Duration
    private let report: @Sendable (String) -> Void

    /// Received, but not given out.
    private var pending: [ReceivedMessage] = []
    private nonisolated let times = Mutex<InvocationTimes?>(nil)
    /// Tasks that wait for a change, by number.
    private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastNumber = 0
    private var isStopping = false
    /// The call that waits for an invocation.
    private var next: Task<Result<RuntimeAPI.Invocation, RuntimeAPI.Failure>, Never>?
    private var isRunning = false

    /// - Parameters:
    ///   - clock: the host's.
    ///   - uptime: a monotonic clock.
    ///   - report: told of what went wrong.
    package init(
        _ queue: SQSQueue, runtime: RuntimeAPI, clock: @escaping @Sendable () -> Timestamp,
        uptime: @escaping @Sendable () -> Duration = SQSQueue.uptime,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.queue = queue
        self.runtime = runtime
        self.clock = clock
        self.uptime = uptime
        self.report = report
    }

    // MARK: Invocations

    /// How long it waits after the runtime API has failed.
    private static let pause = Duration.seconds(1)

    /// Takes invocations and answers them, until `stop`.
    package func run() async {
        isRunning = true
        while !isStopping {
            let call = Task { [runtime] in
                do throws(RuntimeAPI.Failure) {
                    return Result<RuntimeAPI.Invocation, RuntimeAPI.Failure>.success(try await runtime.next())
                } catch {
                    return .failure(error)
                }
            }
            next = call
            let result = await call.value
            next = nil
            do throws(RuntimeAPI.Failure) {
                try await handle(result.get())
            } catch {
                if isStopping { break }
                report("\(error)")
                await change(within: InvocationQueue.pause)
            }
        }
        isRunning = false
        wake()
    }

    /// Answers the invocation that is under way, with what is settled of it, and takes no other.
    package func stop() async {
        isStopping = true
        next?.cancel()
        wake()
        while isRunning { await change(within: .seconds(60)) }
    }

    private func handle(_ invocation: RuntimeAPI.Invocation) async throws(RuntimeAPI.Failure) {
        guard let event = try? JSON(parsing: invocation.event), let records = EventRecord.list(of: event) else {
            try await runtime.fail(
                invocation, type: "Headgate.UnexpectedEvent",
                message: "expected messages of SQS, as an event source mapping sends them")
            return
        }
        let times = InvocationTimes(now: uptime(), left: invocation.deadline - clock())
        let messages = await queue.adopt(records, for: times.end - uptime())
        pending = messages
        self.times.withLock { $0 = times }
        wake()
        while !isStopping, queue.isHolding(records), uptime() < times.end {
            await change(within: times.end - uptime())
        }
        self.times.withLock { $0 = nil }
        pending = []
        let open = queue.end(records)
        if !open.isEmpty {
            report("\(open.count) of \(records.count) messages of an invocation are not settled: they come again")
        }
        let failures = open.map { JSON.object([.init("itemIdentifier", .string($0.messageID))]) }
        try await respond(to: invocation, ["batchItemFailures": .array(failures)])
    }

    /// Without an answer all messages would come again, those that are settled, too.
    private func respond(
        to invocation: RuntimeAPI.Invocation, _ answer: JSON
    ) async throws(RuntimeAPI.Failure) {
        while true {
            do throws(RuntimeAPI.Failure) {
                return try await runtime.respond(to: invocation, answer)
            } catch {
                if clock() + InvocationQueue.repetition >= invocation.deadline { throw error }
                try? await Task.sleep(for: InvocationQueue.repetition)
            }
        }
    }
    private static let repetition = Duration.milliseconds(100)

    /// How long a call for a message may take that begins now; nil: it is better begun in another invocation, or the
    /// message's own is over.
    package nonisolated func callTime(_ wanted: Duration, for receipt: Receipt) -> Duration? {
        guard queue.isHeld(receipt) else { return nil }
        return times.withLock { $0 }?.callTime(wanted, now: uptime())
    }

    // MARK: Waiting

    /// Returns at the next change, after `time`, or when the task is cancelled.
    private func change(within time: Duration) async {
        lastNumber += 1
        let number = lastNumber
        let timer = Task {
            try? await Task.sleep(for: max(.zero, time))
            resume(number)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiting[number] = continuation }
            }
        } onCancel: {
            Task { await resume(number) }
        }
        timer.cancel()
    }

    private func resume(_ number: Int) { waiting.removeValue(forKey: number)?.resume() }

    private func wake() {
        let all = waiting
        waiting = [:]
        for continuation in all.values { continuation.resume() }
    }

    // MARK: MessageQueue

    /// The queue's.
    package nonisolated var name: QueueName { queue.name }
    /// The queue's.
    package nonisolated var capabilities: QueueCapabilities { queue.capabilities }
    /// The queue's.
    package func ticket() async throws(QueueError) -> QueueTicket { try await queue.ticket() }
    /// The queue's.
    package func serverClock() async throws(QueueError) -> Timestamp { try await queue.serverClock() }

    /// Messages of the invocation under way; none once calls must have ended. The leases last as long as the invocation,
    /// whatever `visibility` says.
    package func receive(
        upTo limit: Int, visibility: Duration, wait: Duration
    ) async throws(QueueError) -> [ReceivedMessage] {
        let deadline = uptime() + min(wait, QueueRules.maximumWait)
        while true {
            if let times = times.withLock({ $0 }), uptime() < times.callsEnd, !pending.isEmpty {
                let messages = Array(pending.prefix(limit))
                pending.removeFirst(messages.count)
                return messages
            }
            let left = deadline - uptime()
            if left <= .zero || Task.isCancelled { return [] }
            await change(within: left)
        }
    }

    /// True for messages of the invocation under way, until its calls must have ended.
    package func extend(_ receipts: [Receipt], visibility: Duration) async throws(QueueError) -> [Bool] {
        let isTimeLeft = times.withLock { $0 }.map { uptime() < $0.callsEnd } ?? false
        return receipts.map { isTimeLeft && queue.isHeld($0) }
    }

    /// As `SQSQueue` does, without the deletion.
    package func settle(_ settlements: [Settlement]) async throws(QueueError) -> [SettleResult] {
        defer { wake() }
        return try await queue.settle(settlements)
    }

    /// As `SQSQueue` does, without the deletion.
    package func confirm(_ receipts: [Receipt], recorded ids: [MessageID]) async throws(QueueError) -> [Bool] {
        defer { wake() }
        return try await queue.confirm(receipts, recorded: ids)
    }

    /// The queue's.
    package func send(
        _ messages: [OutgoingMessage], ticket: QueueTicket, mode: SendMode
    ) async throws(QueueError) -> [SendResult] { try await queue.send(messages, ticket: ticket, mode: mode) }
    /// The queue's.
    package func cancel(_ ids: [MessageID]) async throws(QueueError) -> [CancelResult] { try await queue.cancel(ids) }
    /// The queue's.
    package func holds(_ messages: [(id: MessageID, generation: Int)]) async throws(QueueError) -> [Bool] {
        try await queue.holds(messages)
    }
    /// The queue's.
    package func peekDead(limit: Int, tenant: String?) async throws(QueueError) -> [DeadLetter] {
        try await queue.peekDead(limit: limit, tenant: tenant)
    }
    /// The queue's.
    package func redriveDead(limit: Int, rate: Double?) async throws(QueueError) -> Int {
        try await queue.redriveDead(limit: limit, rate: rate)
    }
    /// The queue's.
    package func purge() async throws(QueueError) -> Int { try await queue.purge() }
    /// The queue's.
    package func statistics(of keys: [String]?) async throws(QueueError) -> QueueStatistics {
        try await queue.statistics(of: keys)
    }
    /// The queue's.
    package func pressure(byTenant: Bool) async throws(QueueError) -> QueuePressure {
        try await queue.pressure(byTenant: byTenant)
    }
    /// The queue's.
    package func maintain() async throws(QueueError) -> Int { try await queue.maintain() }
}
