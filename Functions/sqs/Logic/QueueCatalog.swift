import SQS
import Synchronization

/// The records of queues, as they were last read. An operation that finds its record outdated reads it again.
final class QueueCatalog: Sendable {
    private let store: any SQSStore
    private let records = Mutex<[QueueAddress: QueueRecord]>([:])
    /// The maximum number of cached records. When it is reached the whole cache is cleared.
    private static let most = 10_000
    /// How often an operation is tried when its record turns out to be outdated. A record that changes that often during
    /// one operation points to a client's mistake.
    private static let attempts = 10

    init(_ store: any SQSStore) { self.store = store }

    /// The record of a queue; throws `QueueDoesNotExist`.
    ///
    /// - Parameter reload: read it from the store even if it is cached.
    func record(of address: QueueAddress, reload: Bool = false) async throws -> QueueRecord {
        if !reload, let known = records.withLock({ $0[address] }) { return known }
        guard let record = try await store.record(of: address) else {
            records.withLock { $0[address] = nil }
            throw SQSError.queueDoesNotExist
        }
        records.withLock { records in
            if records.count >= QueueCatalog.most { records = [:] }
            records[address] = record
        }
        return record
    }

    /// Runs `body` with the queue's record; if that was outdated, reads it again and repeats `body`.
    func with<Value: Sendable>(
        _ address: QueueAddress, _ body: @Sendable (QueueRecord) async throws -> Value
    ) async throws -> Value {
        var reload = false
        for _ in 0..<QueueCatalog.attempts {
            do {
                return try await body(try await record(of: address, reload: reload))
            } catch SQSStoreError.stale {
                reload = true
            }
        }
        throw SQSStoreError.unavailable("the attributes of \(address) change all the time")
    }

    /// Changes a queue's record. `body` may be called more than once.
    func change(
        _ address: QueueAddress, now: Int, _ body: @Sendable (inout QueueRecord) async throws -> Void
    ) async throws {
        try await with(address) { record in
            var changed = record
            try await body(&changed)
            if changed == record { return }
            changed.modified = now
            guard try await store.replace(changed) else { throw SQSStoreError.stale }
            forget(address)
        }
    }

    func forget(_ address: QueueAddress) { records.withLock { $0[address] = nil } }
}
