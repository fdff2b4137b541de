package import Model
package import SQS
private import Synchronization

/// `SQSStore` in memory, for tests and simulations.
///
/// It is the reference that random walks hold the Redis driver to: lists and loops that say what is meant, without
/// regard to cost.
package final class InMemorySQSStore: SQSStore {
    private let clock: @Sendable () -> Timestamp
    private let state = Mutex(State())

    private struct State {
        var queues: [QueueAddress: InMemorySQSQueue] = [:]
        var deleted: [QueueAddress: Timestamp] = [:]
        var tasks: [QueueAddress: String] = [:]
        var running: Set<QueueAddress> = []
        var listeners: [Int: AsyncStream<QueueAddress?>.Continuation] = [:]
        var lastListener = 0
    }

    /// An empty store that lives by this clock.
    package init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

    package func now() async throws(SQSStoreError) -> Timestamp { clock() }

    // MARK: Queues

    package func create(_ record: QueueRecord) async throws(SQSStoreError) -> QueueCreation {
        state.withLock { state in
            if let existing = state.queues[record.address] { return .exists(existing.record) }
            if let deleted = state.deleted[record.address], clock() - deleted < .seconds(SQSLimits.pause) {
                return .deletedRecently
            }
            state.queues[record.address] = InMemorySQSQueue(record)
            return .created
        }
    }

    package func record(of address: QueueAddress) async throws(SQSStoreError) -> QueueRecord? {
        state.withLock { $0.queues[address]?.record }
    }

    package func replace(_ record: QueueRecord) async throws(SQSStoreError) -> Bool {
        state.withLock { state in
            guard state.queues[record.address]?.record.token == record.token else { return false }
            state.queues[record.address]?.record = record
            state.queues[record.address]?.record.revision += 1
            return true
        }
    }

    package func delete(_ address: QueueAddress) async throws(SQSStoreError) -> Bool {
        state.withLock { state in
            guard state.queues.removeValue(forKey: address) != nil else { return false }
            state.deleted[address] = clock()
            state.tasks[address] = nil
            state.running.remove(address)
            for listener in state.listeners.values { listener.yield(address) }
            return true
        }
    }

    package func names(
        in realm: SQSRealm, prefix: String, after name: String?, limit: Int
    ) async throws(SQSStoreError) -> [String] {
        state.withLock { state in
            state.queues.keys.filter { $0.realm == realm && $0.name.hasPrefix(prefix) && $0.name > (name ?? "") }
                .map(\.name).sorted().prefix(limit).map { $0 }
        }
    }

    // MARK: Messages

    package func send(_ messages: [SQSDelivery], to queue: QueueRecord) async throws(SQSStoreError) -> [SQSSent] {
        try change(queue) { queue, now in messages.map { queue.send($0, now) } }
    }

    package func receive(_ options: SQSReceive, from queue: QueueRecord) async throws(SQSStoreError) -> SQSReceived {
        let target = queue.settings.redrive?.target
        return try change(queue, and: target) { queue, other, now in
            var result = queue.receive(options, now, deadLetters: &other)
            if result.messages.isEmpty, !result.isOverLimit { result.nextChange = queue.nextChange(now) }
            if options.waits, result.messages.isEmpty { queue.isAwaited = true }
            return result
        }
    }

    package func delete(
        _ handles: [ReceiptHandle], from queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSDeletion] {
        try change(queue) { queue, now in handles.map { queue.delete($0, now) } }
    }

    package func changeVisibility(
        _ changes: [(handle: ReceiptHandle, timeout: Int)], in queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSVisibilityChange] {
        try change(queue) { queue, now in changes.map { queue.changeVisibility($0.handle, $0.timeout, now) } }
    }

    package func giveBack(_ handles: [ReceiptHandle], to queue: QueueRecord) async throws(SQSStoreError) {
        try change(queue) { queue, now in handles.forEach { queue.giveBack($0) } }
    }

    package func counts(of queue: QueueRecord) async throws(SQSStoreError) -> SQSCounts {
        try change(queue) { queue, now in queue.counts }
    }

    package func purge(_ queue: QueueRecord) async throws(SQSStoreError) -> Bool {
        try change(queue) { queue, now in queue.purge(now) }
    }

    package func peek(
        _ state: SQSMessageState, limit: Int, in queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSStoredMessage] {
        try change(queue) { queue, now in queue.peek(state, limit) }
    }

    package func move(
        _ messages: [SQSStoredMessage], from queue: QueueRecord, to target: QueueRecord
    ) async throws(SQSStoreError) -> Int {
        let isPresent = state.withLock { $0.queues[target.address]?.record.token == target.token }
        guard isPresent else { throw .stale }
        return try change(queue, and: target.address) { queue, other, now in
            var count = 0
            for stored in messages {
                guard queue.take(number: stored.number) else { continue }
                other?.add(SQSDelivery(stored.message, delay: target.settings.delay), now)
                count += 1
            }
            return count
        }
    }

    package func wakes() -> AsyncStream<QueueAddress?> {
        let (stream, continuation) = AsyncStream<QueueAddress?>.makeStream()
        let number = state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            return state.lastListener
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        continuation.yield(nil)
        return stream
    }

    // MARK: Move tasks

    package func moveTasks(of source: QueueAddress) async throws(SQSStoreError) -> String {
        state.withLock { $0.tasks[source] ?? "" }
    }
    package func replaceMoveTasks(
        of source: QueueAddress, _ old: String, with new: String, isRunning: Bool
    ) async throws(SQSStoreError) -> Bool {
        state.withLock { state in
            guard state.tasks[source] ?? "" == old else { return false }
            state.tasks[source] = new
            if isRunning { state.running.insert(source) } else { state.running.remove(source) }
            return true
        }
    }
    package func moveTaskSources() async throws(SQSStoreError) -> [QueueAddress] {
        state.withLock { Array($0.running) }
    }

    // MARK: One operation at a time

    private func change<Result: Sendable>(
        _ queue: QueueRecord, _ body: (inout InMemorySQSQueue, Timestamp) -> Result
    ) throws(SQSStoreError) -> Result {
        try change(queue, and: nil) { queue, _, now in body(&queue, now) }
    }

    /// Lets time pass in a queue and changes it, and perhaps a second one; wakes those who wait for either.
    private func change<Result: Sendable>(
        _ record: QueueRecord, and other: QueueAddress?,
        _ body: (inout InMemorySQSQueue, inout InMemorySQSQueue?, Timestamp) -> Result
    ) throws(SQSStoreError) -> Result {
        let result: Result? = state.withLock { state in
            guard var queue = state.queues[record.address], queue.record.token == record.token else { return nil }
            let now = clock()
            var second = other.flatMap { $0 == record.address ? nil : state.queues[$0] }
            queue.pass(now)
            let result = body(&queue, &second, now)
            for address in [queue.wake(), second?.wake() ?? nil] {
                if let address { for listener in state.listeners.values { listener.yield(address) } }
            }
            state.queues[record.address] = queue
            if let other, let second { state.queues[other] = second }
            return result
        }
        guard let result else { throw .stale }
        return result
    }
}
