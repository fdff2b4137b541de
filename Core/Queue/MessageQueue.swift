package import Model

/// A queue of messages with leases, delays, fairness between tenants, and settlements that also send an outcome.
///
/// Delivery is at least once. A message is *known* from its send until `QueueRules.forgetAfter` after the consumer of
/// its outcome confirmed it; sending a known id changes nothing, so that every repair is simply sending again
/// (protocols.md, 4). Times inside the queue are by the queue's own clock; callers give durations. Verbs take batches
/// and return results in the order of their arguments.
///
/// What happens to one message in a call is one atomic step; a batch may be several. Every verb throws `QueueError`.
/// After an error it is unknown which messages of the batch the call reached. Repeating it is safe: what took effect
/// the first time gives `known`, `stale`, `unknown` or false the second time.
package protocol MessageQueue: Sendable {
    /// The queue's name.
    var name: QueueName { get }

    /// What the driver keeps of these promises; all of them unless it says otherwise.
    var capabilities: QueueCapabilities { get }

    /// The queue's clock now. Read it before the commit whose messages are then sent with it.
    func ticket() async throws(QueueError) -> QueueTicket

    /// The server's own clock, to compare with others; unlike a ticket's time it may go back.
    func serverClock() async throws(QueueError) -> Timestamp

    /// Adds messages; each is accepted, or already known.
    ///
    /// All are refused (`.stale`) if the ticket is older than 60 s: a sender that was paused leaves the work to the
    /// monitor (protocols.md, 3). Delays count from the ticket's time, so that a slow sender does not add to them.
    func send(_ messages: [OutgoingMessage], ticket: QueueTicket, mode: SendMode) async throws(QueueError)
        -> [SendResult]

    /// Leases up to `limit` messages for `visibility`, each shard's in fair order; waits up to `wait` (at most 20 s)
    /// for the first.
    ///
    /// May return fewer although more is ready. Cancelling the task ends the wait early, without messages. If the call
    /// fails, messages that it leased come back after `visibility`.
    func receive(upTo limit: Int, visibility: Duration, wait: Duration) async throws(QueueError) -> [ReceivedMessage]

    /// Ends leases as each settlement says, and sends the outcomes of those whose lease still held, in one atomic step
    /// for each shard and part of a batch (protocols.md, 5).
    ///
    /// A stale settlement does nothing, and its outcome is not sent. A message that was acknowledged with an outcome
    /// stays known until `confirm`; without one, for `QueueRules.forgetAfter`.
    func settle(_ settlements: [Settlement]) async throws(QueueError) -> [SettleResult]

    /// Extends leases to `visibility` from now. False: the lease had ended; whatever its holder still does is void.
    func extend(_ receipts: [Receipt], visibility: Duration) async throws(QueueError) -> [Bool]

    /// Acknowledges messages of an outcome queue, and tells the queue they came from that the outcomes of these ids are
    /// recorded: it forgets them after `QueueRules.forgetAfter`. Other ids are ignored.
    ///
    /// Call it after the commit that records the outcomes. Returns for each receipt whether its lease still held.
    func confirm(_ receipts: [Receipt], recorded ids: [MessageID]) async throws(QueueError) -> [Bool]

    /// Removes messages that nobody holds, dead letters included; each id in one atomic step.
    ///
    /// A removed id is forgotten. An unknown one becomes known for `QueueRules.forgetAfter`, so that a sender that has
    /// committed it but not sent it yet comes too late (protocols.md, 8).
    func cancel(_ ids: [MessageID]) async throws(QueueError) -> [CancelResult]

    /// Whether the queue has each message, or waits for its outcome to be recorded.
    ///
    /// A dead letter of an earlier generation than the one asked for does not count: its redrive was never sent.
    func holds(_ messages: [(id: MessageID, generation: Int)]) async throws(QueueError) -> [Bool]

    /// Dead letters of one fairness key or of all, oldest first.
    ///
    /// A queue with outcomes keeps no bodies of them, at most `QueueRules.deadLetters` per tenant and shard, and for
    /// `QueueRules.deadLetterLifetime`: the store lists them in full (protocols.md, 9a).
    func peekDead(limit: Int, tenant: String?) async throws(QueueError) -> [DeadLetter]

    /// Makes dead letters ready again, oldest first, with their attempts; at `rate` a second, or all at once if nil.
    /// Returns how many.
    ///
    /// Always 0 for a queue with outcomes, which keeps no bodies: its dead letters are sent again with
    /// `SendMode.redrive`.
    func redriveDead(limit: Int, rate: Double?) async throws(QueueError) -> Int

    /// Removes every message and forgets every id. Purging an outcome queue also makes its source forget the ids whose
    /// outcomes are lost with it, so that they can be sent again.
    ///
    /// Returns how many messages it removed; whether the dead letters of a queue with outcomes count depends on the
    /// driver.
    func purge() async throws(QueueError) -> Int

    /// Counts of all shards together.
    ///
    /// - Parameter keys: the fairness keys whose messages are counted; nil: those of all, which is expensive for many,
    ///   and none where a shard has more than 10,000.
    func statistics(of keys: [String]?) async throws(QueueError) -> QueueStatistics

    /// How full the queue is, cheaply enough to ask before every batch of sends.
    ///
    /// - Parameter byTenant: also which tenants hold a large part of it, estimated from a sample.
    func pressure(byTenant: Bool) async throws(QueueError) -> QueuePressure

    /// Housekeeping for a queue without receivers: promotes what is due, buries what was received too often, wakes
    /// receivers, drops old dead letters, requeues what an interrupted server left in no set. Returns how many messages
    /// it moved.
    func maintain() async throws(QueueError) -> Int
}

extension MessageQueue {
    /// All of them.
    package var capabilities: QueueCapabilities { .all }

    /// Settles as done, without an outcome. False: the lease had ended.
    package func acknowledge(_ receipts: [Receipt]) async throws(QueueError) -> [Bool] {
        try await settle(receipts.map { Settlement($0, .acknowledge) }).map { $0 != .stale }
    }
    /// Makes messages ready again after a delay, with one attempt charged and no outcome.
    package func retry(_ receipts: [Receipt], after delay: Duration) async throws(QueueError) -> [SettleResult] {
        try await settle(receipts.map { Settlement($0, .retry(after: delay)) })
    }
    /// Makes messages ready again after a delay without counting the receive. False: the lease had ended.
    package func release(_ receipts: [Receipt], after delay: Duration = .zero) async throws(QueueError) -> [Bool] {
        try await settle(receipts.map { Settlement($0, .release(after: delay)) }).map { $0 != .stale }
    }
    /// The oldest dead letters of all tenants.
    package func peekDead(limit: Int) async throws(QueueError) -> [DeadLetter] {
        try await peekDead(limit: limit, tenant: nil)
    }
    /// How full the queue is, without the parts of tenants.
    package func pressure() async throws(QueueError) -> QueuePressure { try await pressure(byTenant: false) }
    /// Counts of all shards together, with the messages of each fairness key.
    package func statistics() async throws(QueueError) -> QueueStatistics { try await statistics(of: nil) }
    /// Adds messages with a ticket of now.
    package func send(_ messages: [OutgoingMessage]) async throws(QueueError) -> [SendResult] {
        try await send(messages, ticket: try await ticket(), mode: .add)
    }
}

/// Limits that every driver keeps.
package enum QueueRules {
    /// A send whose ticket is older than this is refused.
    package static let ticketLifetime = Duration.seconds(60)
    /// How long an id stays known after its outcome was confirmed, or after it was settled without one.
    package static let forgetAfter = Duration.seconds(600)
    /// The longest wait of a receive.
    package static let maximumWait = Duration.seconds(20)
    /// Dead letters kept per tenant and shard of a queue with outcomes.
    package static let deadLetters = 1_000
    /// How long a queue with outcomes keeps a dead letter: 7 days.
    package static let deadLetterLifetime = Duration.seconds(7 * 86_400)
}
