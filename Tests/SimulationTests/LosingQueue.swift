import Model
import Queue
import Synchronization

/// A queue that loses the hundredth message that it is sent, and says ever after that it has it.
final class LosingQueue: MessageQueue {
    private let queue: any MessageQueue
    private struct State {
        var sent = 0
        var lost: MessageID?
    }
    private let state = Mutex(State())

    init(_ queue: any MessageQueue) { self.queue = queue }

    var name: QueueName { queue.name }

    func send(
        _ messages: [OutgoingMessage], ticket: QueueTicket, mode: SendMode
    ) async throws(QueueError) -> [SendResult] {
        let lost = state.withLock { state in
            state.sent += messages.count
            if state.lost == nil && state.sent >= 100 { state.lost = messages.last?.id }
            return state.lost
        }
        var results = try await queue.send(messages.filter { $0.id != lost }, ticket: ticket, mode: mode)
        for (index, message) in messages.enumerated() where message.id == lost { results.insert(.known, at: index) }
        return results
    }
    func holds(_ messages: [(id: MessageID, generation: Int)]) async throws(QueueError) -> [Bool] {
        let lost = state.withLock { $0.lost }
        return zip(messages, try await queue.holds(messages)).map { $0.id == lost || $1 }
    }
    func cancel(_ ids: [MessageID]) async throws(QueueError) -> [CancelResult] {
        let lost = state.withLock { $0.lost }
        return zip(ids, try await queue.cancel(ids)).map { $0 == lost ? .inFlight : $1 }
    }

    func ticket() async throws(QueueError) -> QueueTicket { try await queue.ticket() }
    func serverClock() async throws(QueueError) -> Timestamp { try await queue.serverClock() }
    func receive(upTo limit: Int, visibility: Duration, wait: Duration) async throws(QueueError) -> [ReceivedMessage] {
        try await queue.receive(upTo: limit, visibility: visibility, wait: wait)
    }
    func settle(_ settlements: [Settlement]) async throws(QueueError) -> [SettleResult] {
        try await queue.settle(settlements)
    }
    func extend(_ receipts: [Receipt], visibility: Duration) async throws(QueueError) -> [Bool] {
        try await queue.extend(receipts, visibility: visibility)
    }
    func confirm(_ receipts: [Receipt], recorded ids: [MessageID]) async throws(QueueError) -> [Bool] {
        try await queue.confirm(receipts, recorded: ids)
    }
    func peekDead(limit: Int, tenant: String?) async throws(QueueError) -> [DeadLetter] {
        try await queue.peekDead(limit: limit, tenant: tenant)
    }
    func redriveDead(limit: Int, rate: Double?) async throws(QueueError) -> Int {
        try await queue.redriveDead(limit: limit, rate: rate)
    }
    func purge() async throws(QueueError) -> Int { try await queue.purge() }
    func statistics(of keys: [String]?) async throws(QueueError) -> QueueStatistics {
        try await queue.statistics(of: keys)
    }
    func pressure(byTenant: Bool) async throws(QueueError) -> QueuePressure {
        try await queue.pressure(byTenant: byTenant)
    }
    func maintain() async throws(QueueError) -> Int { try await queue.maintain() }
}
