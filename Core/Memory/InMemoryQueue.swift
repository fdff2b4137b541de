package import Model
package import Queue
import Synchronization

/// `MessageQueue` within this process: the reference for the semantics, and the simulator's driver.
///
/// It has one shard and a given clock. With a virtual clock use `receive` with a wait of zero: waits run by real time.
/// Each verb is one step; with outcomes, the outcome queue follows in a second one.
package final class InMemoryQueue: HoldingQueue {
    /// The name it was created with.
    package let name: QueueName
    private let maximumReceives: Int
    private let clock: @Sendable () -> Timestamp
    private let state: Mutex<InMemoryQueueState>
    private let outcomes: InMemoryQueue?
    private let arrivals: WaitingTasks
    /// The queue whose outcomes this one carries; set when that queue is created.
    private let source = Mutex<InMemoryQueue?>(nil)

    /// An empty queue; of the configuration only `kind` and `maximumReceives` matter.
    ///
    /// - Parameters:
    ///   - outcomes: the queue that settlements send to, which then confirms the ids of this one.
    ///   - clock: the queue's and the server's clock.
    package init(
        name: QueueName, configuration: QueueConfiguration = QueueConfiguration(), outcomes: InMemoryQueue? = nil,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.name = name
        self.maximumReceives = configuration.maximumReceives
        self.clock = clock
        self.outcomes = outcomes
        precondition(configuration.kind == .work || outcomes == nil, "a coalescing queue has no outcomes")
        state = Mutex(InMemoryQueueState(kind: configuration.kind, hasOutcomes: outcomes != nil))
        self.arrivals = WaitingTasks(keepsSignal: true)
        outcomes?.source.withLock { $0 = self }
    }

    /// A ticket of the given clock.
    package func ticket() async throws(QueueError) -> QueueTicket { QueueTicket(time: clock()) }

    /// The given clock.
    package func serverClock() async throws(QueueError) -> Timestamp { clock() }

    /// Adds messages in one step.
    package func send(
        _ messages: [OutgoingMessage], ticket: QueueTicket, mode: SendMode
    ) async throws(QueueError) -> [SendResult] {
        let now = clock()
        let results = state.withLock { state in messages.map { state.send($0, ticket: ticket, mode: mode, now: now) } }
        arrivals.wake()
        return results
    }

    /// Leases messages in the order of start tags, over all tenants.
    package func receive(
        upTo limit: Int, visibility: Duration, wait: Duration
    ) async throws(QueueError) -> [ReceivedMessage] {
        let deadline = ContinuousClock.now + min(wait, QueueRules.maximumWait)
        while true {
            let now = clock()
            let (messages, nextDue) = state.withLock { state in
                let messages = state.lease(limit, visibility: visibility, now: now, maximumReceives: maximumReceives)
                return (messages, state.nextDue())
            }
            flushNotices(now: now)
            if !messages.isEmpty || ContinuousClock.now >= deadline || Task.isCancelled { return messages }
            let untilDue = nextDue.map { max(.milliseconds(1), $0 - now) } ?? QueueRules.maximumWait
            await arrivals.wait(until: min(deadline, ContinuousClock.now + untilDue))
        }
    }

    /// Ends leases, then sends their outcomes as one message.
    package func settle(_ settlements: [Settlement]) async throws(QueueError) -> [SettleResult] {
        let now = clock()
        let (results, outcome) = state.withLock { state in
            var outcome: [UInt8] = []
            let results = settlements.map { state.settle($0, now: now, outcome: &outcome) }
            return (results, outcome)
        }
        sendOutcome(outcome, now: now)
        arrivals.wake()
        return results
    }

    /// Ends leases and records what the messages wait for.
    package func hold(_ holds: [Hold]) async throws(QueueError) -> [Bool] {
        let now = clock()
        let results = state.withLock { state in holds.map { state.hold($0, now: now) } }
        arrivals.wake()
        return results
    }

    /// Makes a group's messages ready, all in one step.
    package func wake(_ group: HoldGroup) async throws(QueueError) -> Int {
        let count = state.withLock { $0.wake(group) }
        arrivals.wake()
        return count
    }

    /// Extends leases; false where the lease had ended.
    package func extend(_ receipts: [Receipt], visibility: Duration) async throws(QueueError) -> [Bool] {
        let now = clock()
        return state.withLock { state in receipts.map { state.extend($0.handle, to: now + visibility) } }
    }

    /// Acknowledges outcome messages, then marks the ids as recorded in the source; without a source they are ignored.
    package func confirm(_ receipts: [Receipt], recorded ids: [MessageID]) async throws(QueueError) -> [Bool] {
        let now = clock()
        let results = try await acknowledge(receipts)
        source.withLock { $0 }?.state.withLock { $0.confirm(ids, now: now) }
        return results
    }

    /// Removes messages that nobody holds.
    package func cancel(_ ids: [MessageID]) async throws(QueueError) -> [CancelResult] {
        let now = clock()
        return state.withLock { state in ids.map { state.cancel($0, now: now) } }
    }

    /// Whether the queue has each message, or waits for its outcome to be recorded.
    package func holds(_ messages: [(id: MessageID, generation: Int)]) async throws(QueueError) -> [Bool] {
        state.withLock { state in messages.map { state.holds($0.id, generation: $0.generation) } }
    }

    /// Dead letters, sorted by time of death and id.
    package func peekDead(limit: Int, tenant: String?) async throws(QueueError) -> [DeadLetter] {
        state.withLock { $0.deadLetters(limit, tenant: tenant) }
    }

    /// Makes dead letters ready again; always 0 with outcomes.
    package func redriveDead(limit: Int, rate: Double?) async throws(QueueError) -> Int {
        let now = clock()
        if outcomes != nil { return 0 }
        let count = state.withLock { $0.redriveDead(limit, rate: rate, now: now) }
        arrivals.wake()
        return count
    }

    /// Removes everything, and counts dead letters too.
    package func purge() async throws(QueueError) -> Int {
        source.withLock { $0 }?.state.withLock { $0.forgetUnconfirmed() }
        return state.withLock { $0.purge() }
    }

    /// Counts every message, in O(n).
    package func statistics(of keys: [String]?) async throws(QueueError) -> QueueStatistics {
        let now = clock()
        var statistics = state.withLock { $0.statistics(now: now) }
        if let keys { statistics.tenants = statistics.tenants.filter { keys.contains($0.key) } }
        return statistics
    }

    /// Exact, in O(n); without a memory limit.
    package func pressure(byTenant: Bool) async throws(QueueError) -> QueuePressure {
        let now = clock()
        return state.withLock { state in
            var pressure = QueuePressure(fullestShard: state.liveCount)
            pressure.waiting = state.waiting(now: now)
            if byTenant { pressure.tenants = state.parts() }
            return pressure
        }
    }

    /// Promotes what is due and drops old dead letters.
    package func maintain() async throws(QueueError) -> Int {
        let now = clock()
        let count = state.withLock { state in
            state.dropOldDead(now: now)
            return state.promote(now: now, maximumReceives: maximumReceives)
        }
        flushNotices(now: now)
        arrivals.wake()
        return count
    }

    /// When the queue next changes by itself: the earliest delayed message or lease end. Nil: never.
    package var nextDue: Timestamp? { state.withLock { $0.nextDue() } }

    /// Whether a message could be received now.
    package var hasReady: Bool { state.withLock { $0.hasReady() } }

    private func flushNotices(now: Timestamp) {
        let notices = state.withLock { $0.takeNotices() }
        sendOutcome(notices, now: now)
    }

    private func sendOutcome(_ outcome: [UInt8], now: Timestamp) {
        guard let outcomes, !outcome.isEmpty else { return }
        outcomes.state.withLock { $0.sendOutcome(outcome, now: now) }
        outcomes.arrivals.wake()
    }
}
