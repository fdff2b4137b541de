package import Model
package import Queue
internal import SQS
internal import Synchronization

/// `MessageQueue` in the standard queues `NAME`, `NAME-dead` and `NAME-lapsed` of SQS.
///
/// SQS knows no ids, so that a send is always `accepted`, and a settlement is not atomic: its steps are in the order
/// outcome, successor, delete. A crash between two of them repeats a call. Delays are in whole seconds, rounded up;
/// longer ones than 900 s are reached by copies, each sent when the one before is received. What is needed for a copy
/// is kept in this process from the receive until the settlement, so that a receipt is worth nothing elsewhere.
///
/// Messages that were received too often are moved by SQS to `NAME-lapsed`. The queue of outcomes that names this one
/// as its source returns each of them as a `BurialNotice`.
package final class SQSQueue: MessageQueue {
    /// What belongs to the process and not to the queue.
    package struct Host: Sendable {
        /// The host's clock: of tickets, and of due times beyond 900 s.
        package var clock: @Sendable () -> Timestamp
        /// Monotonic, from any beginning: of leases and waits.
        package var uptime: @Sendable () -> Duration = SQSQueue.uptime
        /// Told of what is passed over: messages that cannot be read, copies that could not be sent.
        package var report: @Sendable (String) -> Void = { _ in }
        /// Called after each step of a settlement that had something to do; what it throws ends the call as a crash
        /// would.
        package var afterStep: @Sendable (SettleStep) throws -> Void = { _ in }

        /// A host with this clock; the rest is as given at each property.
        package init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }
    }

    /// Its name in Headgate; SQS's begins with the prefix.
    package let name: QueueName
    let configuration: QueueConfiguration
    let caller: SQSCaller
    let host: Host
    let names: QueueNames
    /// Of the queue that settlements send outcomes to.
    let outcomes: QueueNames?
    /// Of the queue whose outcomes this one carries, and its maximum of receives.
    let source: (names: QueueNames, maximumReceives: Int)?
    /// Whether tenants are groups of a fair queue.
    let isGrouped: Bool
    let state = Mutex(State())

    struct State: Sendable {
        var leases = LeaseTable()
        var watch = EmptinessWatch()
        /// By name.
        var urls: [String: String] = [:]
        /// By the monotonic clock: when `-lapsed` of the source was last looked at.
        var lapsedLook: Duration?
    }

    /// A queue that exists; `create` makes it.
    ///
    /// - Parameters:
    ///   - configuration: its kind must be `work`; shards mean nothing here.
    ///   - outcomes: the queue that settlements send to.
    ///   - source: for an outcome queue, the queue whose lapsed messages it returns, and that one's maximum of
    /// receives.
    ///   - prefix: first part of every name in SQS.
    ///   - isGrouped: whether the tenant is sent as `MessageGroupId`; false for services without fair queues.
    package init(
        name: QueueName, configuration: QueueConfiguration = QueueConfiguration(), caller: SQSCaller,
        outcomes: QueueName? = nil, source: (name: QueueName, maximumReceives: Int)? = nil, prefix: String = "",
        isGrouped: Bool = true, host: Host
    ) {
        precondition(configuration.kind == .work, "SQS has no coalescing queues")
        self.name = name
        self.configuration = configuration
        self.caller = caller
        self.host = host
        self.isGrouped = isGrouped
        names = QueueNames(name, prefix: prefix)
        self.outcomes = outcomes.map { QueueNames($0, prefix: prefix) }
        self.source = source.map { (QueueNames($0.name, prefix: prefix), $0.maximumReceives) }
    }

    /// What SQS keeps of a queue's promises.
    package var capabilities: QueueCapabilities { .sqs }

    /// The host's clock.
    package func ticket() async throws(QueueError) -> QueueTicket { QueueTicket(time: host.clock()) }

    /// The host's clock: SQS tells none.
    package func serverClock() async throws(QueueError) -> Timestamp { host.clock() }

    /// Sends messages in batches of 10; each is accepted, also if it was sent before.
    package func send(
        _ messages: [OutgoingMessage], ticket: QueueTicket, mode: SendMode
    ) async throws(QueueError) -> [SendResult] {
        let now = host.clock()
        if now - ticket.time > QueueRules.ticketLifetime { return messages.map { _ in .stale } }
        if messages.isEmpty { return [] }
        let outgoing = messages.map { message in
            let envelope = MessageEnvelope(
                id: message.id, tenant: message.tenant, attempts: message.attempts, generation: message.generation)
            return self.outgoing(envelope, message.body, due: ticket.time + message.delay, now: now)
        }
        let url = try await url(names.queue)
        state.withLock { $0.watch.reset() }
        let errors = await caller.send(outgoing, to: url)
        state.withLock { $0.watch.reset() }
        try check(errors)
        return messages.map { _ in .accepted }
    }

    /// Moves the end of leases; false where SQS says that the message is not in flight, or the total would exceed 12 h.
    package func extend(_ receipts: [Receipt], visibility: Duration) async throws(QueueError) -> [Bool] {
        let start = host.uptime()
        let seconds = min(SQSLimits.visibility, SQSQueue.seconds(visibility))
        let leases = state.withLock { state in receipts.map { state.leases.held($0.handle, now: start) } }
        var results = receipts.map { _ in false }
        var errors: [SQSClientError] = []
        for origin in [Lease.Origin.queue, .lapsed] {
            let places = receipts.indices.filter { leases[$0]?.origin == origin }
            if places.isEmpty { continue }
            let changed = await caller.changeVisibility(
                places.map { (receipts[$0].handle, seconds) }, in: try await url(of: origin))
            for (place, error) in zip(places, changed) {
                let handle = receipts[place].handle
                switch error {
                case nil:
                    results[place] = true
                    let end = start + .seconds(seconds) - LeaseTable.margin
                    state.withLock { $0.leases.extend(handle, to: end) }
                case let error? where error.isRetryable: errors.append(error)
                // It is not in flight any more.
                case _?: state.withLock { $0.leases.remove(handle) }
                }
            }
        }
        try check(errors)
        return results
    }

    /// Deletes messages of an outcome queue; those that tell of lapsed messages are first sent to `-dead` of the
    /// source. The ids mean nothing here.
    package func confirm(_ receipts: [Receipt], recorded ids: [MessageID]) async throws(QueueError) -> [Bool] {
        try await acknowledge(receipts)
    }

    /// Always `inFlight`: SQS removes nothing by id.
    package func cancel(_ ids: [MessageID]) async throws(QueueError) -> [CancelResult] { ids.map { _ in .inFlight } }

    // MARK: Parts

    /// A message to be received at `due`: SQS delays it, and if that is too long, its envelope says when it is due.
    func outgoing(_ envelope: MessageEnvelope, _ body: [UInt8], due: Timestamp, now: Timestamp) -> SQSOutgoing {
        let rest = max(.zero, due - now)
        var envelope = envelope
        envelope.due = rest > .seconds(SQSLimits.delay) ? due : nil
        return envelope.outgoing(
            body, delay: min(SQSLimits.delay, SQSQueue.seconds(rest)), isGrouped: isGrouped)
    }

    /// Whole seconds, rounded up.
    static func seconds(_ duration: Duration) -> Int {
        let milliseconds = max(0, min(duration.milliseconds, 1 << 40))
        return Int(milliseconds + 999) / 1_000
    }

    /// The URL of a queue of SQS, asked for once.
    func url(_ name: String) async throws(QueueError) -> String {
        if let url = state.withLock({ $0.urls[name] }) { return url }
        do throws(SQSClientError) {
            let url = try await caller.url(of: name)
            state.withLock { $0.urls[name] = url }
            return url
        } catch  where error.code == "QueueDoesNotExist" || error.code == "AWS.SimpleQueueService.NonExistentQueue" {
            throw QueueError(
                .refused, queue: self.name, "\(caller.place) has no queue \(name): make it, or set HEADGATE_SQS_PREFIX")
        } catch {
            throw queueError(error)
        }
    }

    /// The queue that leases of this origin were received from.
    func url(of origin: Lease.Origin) async throws(QueueError) -> String {
        switch (origin, source) {
        case (.queue, _): return try await url(names.queue)
        case (.lapsed, let source?): return try await url(source.names.lapsed)
        case (.lapsed, nil): preconditionFailure("queue \(name) has no source")
        }
    }

    /// Throws the first of these errors, one that no repeat mends before others.
    func check(_ errors: [SQSClientError?]) throws(QueueError) {
        let found = errors.compactMap { $0 }
        if let error = found.first(where: { !$0.isRetryable }) ?? found.first { throw queueError(error) }
    }

    func queueError(_ error: SQSClientError) -> QueueError {
        QueueError(error.isRetryable ? .unavailable : .refused, queue: name, "\(error)")
    }

    private static let start = ContinuousClock.now
    /// The time since this process first asked.
    package static let uptime: @Sendable () -> Duration = { .now - start }
}

extension ContinuousClock.Instant {
    fileprivate static func - (left: Self, right: Self) -> Duration { right.duration(to: left) }
}

/// The names in SQS of a queue's three parts.
struct QueueNames: Hashable, Sendable {
    /// Waiting and leased messages.
    var queue: String
    /// Dead letters.
    var dead: String
    /// Messages that were received too often, until their notices are recorded.
    var lapsed: String

    init(_ name: QueueName, prefix: String) {
        queue = "\(prefix)\(name)"
        dead = "\(queue)-dead"
        lapsed = "\(queue)-lapsed"
    }
}
