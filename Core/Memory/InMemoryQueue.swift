package import Model
package import Queue
import Synchronization

/// A queue in this process: the reference for the semantics, and the simulator's driver.
///
/// Its clock is given. With a virtual clock a `receive` never waits: it returns what is there.
package final class InMemoryQueue: HoldingQueue {
    package let name: QueueName
    private let maximumReceives: Int
    private let clock: @Sendable () -> Timestamp
    private let state: Mutex<InMemoryQueueState>
    private let outcomes: InMemoryQueue?
    private let arrivals: Arrivals
    /// The queue whose outcomes this one carries; set when that queue is made.
    private let source = Mutex<InMemoryQueue?>(nil)

    package init(
        name: QueueName, configuration: QueueConfiguration = QueueConfiguration(), outcomes: InMemoryQueue? = nil,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.name = name
        self.maximumReceives = configuration.maximumReceives
        self.clock = clock
        self.outcomes = outcomes
        state = Mutex(InMemoryQueueState(hasOutcomes: outcomes != nil))
        self.arrivals = Arrivals()
        outcomes?.source.withLock { $0 = self }
    }

    package func ticket() async throws(QueueError) -> QueueTicket { QueueTicket(time: clock()) }

    package func serverClock() async throws(QueueError) -> Timestamp { clock() }

    package func send(
        _ messages: [OutgoingMessage], ticket: QueueTicket, mode: SendMode
    ) async throws(QueueError) -> [SendResult] {
        let now = clock()
        let results = state.withLock { state in messages.map { state.send($0, ticket: ticket, mode: mode, now: now) } }
        arrivals.signal()
        return results
    }

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

    package func settle(_ settlements: [Settlement]) async throws(QueueError) -> [SettleResult] {
        let now = clock()
        let (results, outcome) = state.withLock { state in
            var outcome: [UInt8] = []
            let results = settlements.map { state.settle($0, now: now, outcome: &outcome) }
            return (results, outcome)
        }
        sendOutcome(outcome, now: now)
        arrivals.signal()
        return results
    }

    package func hold(_ holds: [Hold]) async throws(QueueError) -> [Bool] {
        let now = clock()
        let results = state.withLock { state in holds.map { state.hold($0, now: now) } }
        arrivals.signal()
        return results
    }

    package func wake(_ group: HoldGroup) async throws(QueueError) -> Int {
        let count = state.withLock { $0.wake(group) }
        arrivals.signal()
        return count
    }

    package func extend(_ receipts: [Receipt], visibility: Duration) async throws(QueueError) -> [Bool] {
        let now = clock()
        return state.withLock { state in receipts.map { state.extend($0.handle, to: now + visibility) } }
    }

    package func confirm(_ receipts: [Receipt], recorded ids: [MessageID]) async throws(QueueError) -> [Bool] {
        let now = clock()
        let results = try await acknowledge(receipts)
        source.withLock { $0 }?.state.withLock { $0.confirm(ids, now: now) }
        return results
    }

    package func cancel(_ ids: [MessageID]) async throws(QueueError) -> [CancelResult] {
        let now = clock()
        return state.withLock { state in ids.map { state.cancel($0, now: now) } }
    }

    package func holds(_ messages: [(id: MessageID, generation: Int)]) async throws(QueueError) -> [Bool] {
        state.withLock { state in messages.map { state.holds($0.id, generation: $0.generation) } }
    }

    package func peekDead(limit: Int, tenant: String?) async throws(QueueError) -> [DeadLetter] {
        state.withLock { $0.deadLetters(limit, tenant: tenant) }
    }

    package func redriveDead(limit: Int, rate: Double?) async throws(QueueError) -> Int {
        let now = clock()
        if outcomes != nil { return 0 }
        let count = state.withLock { $0.redriveDead(limit, rate: rate, now: now) }
        arrivals.signal()
        return count
    }

    package func purge() async throws(QueueError) -> Int {
        source.withLock { $0 }?.state.withLock { $0.forgetUnconfirmed() }
        return state.withLock { $0.purge() }
    }

    package func statistics() async throws(QueueError) -> QueueStatistics {
        let now = clock()
        return state.withLock { $0.statistics(now: now) }
    }

    package func pressure(byTenant: Bool) async throws(QueueError) -> QueuePressure {
        let now = clock()
        return state.withLock { state in
            var pressure = QueuePressure(fullestShard: state.liveCount)
            pressure.waiting = state.waiting(now: now)
            if byTenant { pressure.tenants = state.parts() }
            return pressure
        }
    }

    package func maintain() async throws(QueueError) -> Int {
        let now = clock()
        let count = state.withLock { state in
            state.dropOldDead(now: now)
            return state.promote(now: now, maximumReceives: maximumReceives)
        }
        flushNotices(now: now)
        arrivals.signal()
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
        outcomes.arrivals.signal()
    }
}
