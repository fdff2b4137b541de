package import Model

/// A queue of messages with leases, delays, fairness between tenants, and a settlement that also sends.
///
/// Delivery is at least once. A message is *known* from its send until `forgetAfter` after the consumer of its outcome
/// confirmed it; sending a known id changes nothing, so that every repair is simply sending again. Times inside the queue
/// are the queue's own clock; callers give durations. All verbs take batches; results stand in the order of the arguments.
///
/// Every verb throws `QueueError`; after a failed call it is unknown whether the call took effect, and repeating it is safe.
package protocol MessageQueue: Sendable {
    var name: QueueName { get }
    var capabilities: QueueCapabilities { get }

    /// The queue's clock now, to be read before the commit that a later `send` carries out.
    func ticket() async throws(QueueError) -> QueueTicket

    /// The server's own clock, to be held against others; not a ticket, whose time never goes back.
    func serverClock() async throws(QueueError) -> Timestamp

    /// Adds messages. `ticket` must be younger than 60 s: a sender that was paused for longer is refused (`.stale`) and
    /// leaves the work to the monitor. Delays count from the ticket, so that a slow sender does not delay them further.
    func send(_ messages: [OutgoingMessage], ticket: QueueTicket, mode: SendMode) async throws(QueueError)
        -> [SendResult]

    /// Leases up to `limit` messages for `visibility`; waits up to `wait` (at most 20 s) for the first.
    ///
    /// Cancelling the task ends the wait early with no messages.
    func receive(upTo limit: Int, visibility: Duration, wait: Duration) async throws(QueueError) -> [ReceivedMessage]

    /// Ends leases and removes their messages: settlement without an outcome.
    func settle(_ settlements: [Settlement]) async throws(QueueError) -> [SettleResult]

    /// Prolongs leases to `visibility` from now. False: the lease had ended, and what its holder does is void.
    func extend(_ receipts: [Receipt], visibility: Duration) async throws(QueueError) -> [Bool]

    /// Acknowledges messages of an outcome queue and tells the queue they came from that these ids are recorded.
    func confirm(_ receipts: [Receipt], recorded ids: [MessageID]) async throws(QueueError) -> [Bool]

    /// Removes messages that nobody holds. An id that was removed is forgotten; one that is unknown becomes known for
    /// `forgetAfter`, so that a sender that has committed it and not sent it yet comes too late.
    func cancel(_ ids: [MessageID]) async throws(QueueError) -> [CancelResult]

    /// Whether the queue has the message of each id, or waits for its outcome to be recorded. A dead letter of an earlier
    /// generation than the one that is asked for does not count: its redrive was never sent.
    func holds(_ messages: [(id: MessageID, generation: Int)]) async throws(QueueError) -> [Bool]

    /// Dead letters, of a tenant or of all, oldest first.
    ///
    /// A queue with outcomes keeps no bodies of them, at most `QueueRules.deadLetters` a tenant and shard, for
    /// `QueueRules.deadLetterLifetime`: whoever records the outcomes lists them in full (protocols.md, 9a).
    func peekDead(limit: Int, tenant: String?) async throws(QueueError) -> [DeadLetter]

    /// Moves dead letters back, oldest first, spread over time at `rate` a second. Returns how many: none of a queue with outcomes,
    /// to which they are sent anew.
    func redriveDead(limit: Int, rate: Double?) async throws(QueueError) -> Int

    /// Removes every message and forgets every id. Returns how many messages it removed.
    func purge() async throws(QueueError) -> Int

    func statistics() async throws(QueueError) -> QueueStatistics

    /// Cheaper than `statistics`, to be asked before every batch of sends.
    ///
    /// - Parameter byTenant: also which tenants have much of it, by a sample.
    func pressure(byTenant: Bool) async throws(QueueError) -> QueuePressure

    /// Housekeeping for a queue without receivers: promotes what is due, buries what was received too often, wakes
    /// receivers, repairs what an interrupted server left. Returns how many messages it moved.
    func tick() async throws(QueueError) -> Int
}

extension MessageQueue {
    package func acknowledge(_ receipts: [Receipt]) async throws(QueueError) -> [Bool] {
        try await settle(receipts.map { Settlement($0, .acknowledge) }).map { $0 != .stale }
    }
    package func retry(_ receipts: [Receipt], after delay: Duration) async throws(QueueError) -> [SettleResult] {
        try await settle(receipts.map { Settlement($0, .retry(after: delay)) })
    }
    package func release(_ receipts: [Receipt], after delay: Duration = .zero) async throws(QueueError) -> [Bool] {
        try await settle(receipts.map { Settlement($0, .release(after: delay)) }).map { $0 != .stale }
    }
    package func peekDead(limit: Int) async throws(QueueError) -> [DeadLetter] {
        try await peekDead(limit: limit, tenant: nil)
    }
    package func pressure() async throws(QueueError) -> QueuePressure { try await pressure(byTenant: false) }
    package func send(_ messages: [OutgoingMessage]) async throws(QueueError) -> [SendResult] {
        try await send(messages, ticket: try await ticket(), mode: .add)
    }
}

/// What every driver keeps to.
package enum QueueRules {
    /// A send whose ticket is older is refused.
    package static let ticketLifetime = Duration.seconds(60)
    /// How long an id stays known after its outcome was confirmed.
    package static let forgetAfter = Duration.seconds(600)
    package static let maximumWait = Duration.seconds(20)
    /// Dead letters of a tenant in a shard of a queue with outcomes.
    package static let deadLetters = 1_000
    package static let deadLetterLifetime = Duration.seconds(7 * 86_400)
}
