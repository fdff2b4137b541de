package import Model

/// Where queues and their messages are kept. Every operation is atomic; times are the store's own.
///
/// Operations on messages name the record by which they work. If the record has changed since it was read they do nothing
/// and throw `SQSStoreError.stale`; the caller reads it again.
package protocol SQSStore: SQSQueueStore, SQSMessageStore, SQSMoveTaskStore {}

/// The queues of a store.
package protocol SQSQueueStore: Sendable {
    /// The store's time, with which a record's `created` and `modified` are made.
    func now() async throws(SQSStoreError) -> Timestamp
    /// Adds a queue, unless one of its name exists, or was deleted less than 60 s ago.
    func create(_ record: QueueRecord) async throws(SQSStoreError) -> QueueCreation
    /// The queue at an address; nil: there is none.
    func record(of address: QueueAddress) async throws(SQSStoreError) -> QueueRecord?
    /// Stores a changed record under the next revision. False: it has been changed by another, or deleted, since it was
    /// read.
    func replace(_ record: QueueRecord) async throws(SQSStoreError) -> Bool
    /// Deletes a queue with its messages. False: there is none.
    func delete(_ address: QueueAddress) async throws(SQSStoreError) -> Bool
    /// Names of a realm's queues in the order of their bytes: those that begin with `prefix` and follow `name`.
    func names(
        in realm: SQSRealm, prefix: String, after name: String?, limit: Int
    ) async throws(SQSStoreError) -> [String]
}

/// The messages of queues.
package protocol SQSMessageStore: Sendable {
    /// Adds messages, in this order. The results are in the same order.
    func send(_ messages: [SQSDelivery], to queue: QueueRecord) async throws(SQSStoreError) -> [SQSSent]
    /// Gives out messages, or moves those that were received too often to the queue's dead-letter queue.
    func receive(_ options: SQSReceive, from queue: QueueRecord) async throws(SQSStoreError) -> SQSReceived
    /// Deletes messages by their handles. The results are in the order of the handles.
    func delete(_ handles: [ReceiptHandle], from queue: QueueRecord) async throws(SQSStoreError) -> [SQSDeletion]
    /// Sets when messages become visible again, in seconds from now. The results are in the order of the changes.
    func changeVisibility(
        _ changes: [(handle: ReceiptHandle, timeout: Int)], in queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSVisibilityChange]
    /// Takes back a receive whose answer reached nobody.
    func giveBack(_ handles: [ReceiptHandle], to queue: QueueRecord) async throws(SQSStoreError)
    /// How many messages are in which state.
    func counts(of queue: QueueRecord) async throws(SQSStoreError) -> SQSCounts
    /// Removes all messages. False: the last time is less than 60 s ago.
    func purge(_ queue: QueueRecord) async throws(SQSStoreError) -> Bool
    /// The first messages of a state, without any effect on them.
    func peek(
        _ state: SQSMessageState, limit: Int, in queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSStoredMessage]
    /// Moves those of these messages that are visible to another queue of the same realm and kind, where they are new.
    /// Returns how many.
    func move(
        _ messages: [SQSStoredMessage], from queue: QueueRecord, to target: QueueRecord
    ) async throws(SQSStoreError) -> Int
    /// The queues that got something to give, among those of which a receive with `waits` found nothing; nil: some may
    /// have been missed. Ends when the task is cancelled.
    func wakes() -> AsyncStream<QueueAddress?>
}

/// The move tasks of dead-letter queues.
package protocol SQSMoveTaskStore: Sendable {
    /// The last tasks of a queue, newest first, as stored; empty: none.
    func moveTasks(of source: QueueAddress) async throws(SQSStoreError) -> String
    /// Replaces the tasks of a queue. False: they have changed since `old` was read.
    ///
    /// - Parameter isRunning: one of the new ones runs.
    func replaceMoveTasks(
        of source: QueueAddress, _ old: String, with new: String, isRunning: Bool
    ) async throws(SQSStoreError) -> Bool
    /// The queues of all realms that have a task that runs.
    func moveTaskSources() async throws(SQSStoreError) -> [QueueAddress]
}

/// Why a store did nothing, or may have done nothing.
package enum SQSStoreError: Error, Hashable, Sendable {
    /// The queue's record has changed, or there is none any more.
    case stale
    /// The store cannot be reached, or refused; whether the operation took effect is unknown.
    case unavailable(String)
}

/// What became of the creation of a queue.
package enum QueueCreation: Hashable, Sendable {
    case created
    case exists(QueueRecord)
    case deletedRecently
}

/// A message with what its sender wants.
package struct SQSDelivery: Hashable, Sendable {
    /// With its id, group and deduplication id.
    package var message: SQSMessage
    /// Seconds.
    package var delay: Int

    /// A message that is visible at once, unless given.
    package init(_ message: SQSMessage, delay: Int = 0) {
        self.message = message
        self.delay = delay
    }

    /// What identifies a repetition; nil: the queue recognizes none.
    package func deduplicationKey(in queue: QueueRecord) -> String? {
        guard queue.settings.isFIFO, let id = message.deduplicationID else { return nil }
        return (queue.settings.deduplicatesByGroup ? message.groupID : "") + "\0" + id
    }
}

/// A message that was added, or the one that it repeats.
package struct SQSSent: Hashable, Sendable {
    /// The message's.
    package var id: Identifier
    /// Grows within the queue.
    package var number: Int

    /// A result of these parts.
    package init(id: Identifier, number: Int) {
        self.id = id
        self.number = number
    }
}

/// What a caller wants to receive.
package struct SQSReceive: Hashable, Sendable {
    /// 1 to 10.
    package var limit: Int
    /// Seconds; nil: the queue's own.
    package var visibility: Int?
    /// FIFO: who lost an answer gets it again under the same id.
    package var attemptID: String?
    /// The caller goes on to wait if there is nothing.
    package var waits = false
    /// How many messages may be in flight; lower in tests.
    package var inFlightLimit = SQSLimits.inFlight

    /// One message by a short poll, unless given.
    package init(limit: Int = 1, visibility: Int? = nil, attemptID: String? = nil, waits: Bool = false) {
        self.limit = limit
        self.visibility = visibility
        self.attemptID = attemptID
        self.waits = waits
    }
}

/// What a receive gave.
package struct SQSReceived: Hashable, Sendable {
    /// In the order in which they are to be handled.
    package var messages: [SQSStoredMessage] = []
    /// Without messages: how long until the queue next gets something to give by itself; nil: it does not.
    package var nextChange: Duration?
    /// Too many messages are in flight, and the caller is to be told.
    package var isOverLimit = false

    /// Nothing.
    package init() {}
}

/// A message as a queue has it.
package struct SQSStoredMessage: Hashable, Sendable {
    /// As it was sent.
    package var message: SQSMessage
    /// Within its queue.
    package var number: Int
    /// Including the present one.
    package var receives: Int
    /// By the clock of the store; retention counts from it.
    package var sent: Timestamp
    /// Nil before the first.
    package var firstReceived: Timestamp?
    /// The name of the queue that it came from, as a dead letter.
    package var origin: String?

    /// A message of these parts.
    package init(
        message: SQSMessage, number: Int, receives: Int, sent: Timestamp, firstReceived: Timestamp?, origin: String?
    ) {
        self.message = message
        self.number = number
        self.receives = receives
        self.sent = sent
        self.firstReceived = firstReceived
        self.origin = origin
    }

    /// What this receive of it is settled by.
    package func handle(in queue: QueueRecord) -> ReceiptHandle {
        ReceiptHandle(
            incarnation: queue.incarnation, number: number, receives: receives, groupID: message.groupID)
    }
}

/// What a handle's deletion did.
package enum SQSDeletion: Int, Hashable, Sendable {
    /// Deleted now, or gone already.
    case deleted = 0
    /// Standard: the message was received again since; it stays.
    case outdated = 1
    /// FIFO: the visibility timeout has ended; the message stays.
    case expired = 2
}

/// What a change of a visibility timeout did.
package enum SQSVisibilityChange: Int, Hashable, Sendable {
    case changed = 0
    /// There is no such message, it was received again, or in a FIFO queue its visibility timeout has ended.
    case unavailable = 1
    /// It would be invisible for more than 12 hours since it was received.
    case beyondLimit = 2
}

/// Three disjoint numbers of messages.
package struct SQSCounts: Hashable, Sendable {
    /// Those that a receive could give; of a FIFO queue also the rest of groups that are held.
    package var visible: Int
    /// Those that were received and are not visible again.
    package var inFlight: Int
    /// Those that are not due yet.
    package var delayed: Int

    /// Counts of these parts.
    package init(visible: Int, inFlight: Int, delayed: Int) {
        self.visible = visible
        self.inFlight = inFlight
        self.delayed = delayed
    }
}

/// What a message waits for.
package enum SQSMessageState: String, CaseIterable, Sendable {
    case visible
    case delayed
    case inFlight
}
