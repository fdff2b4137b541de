import SQS
import Synchronization

/// The records of queues, as they were last read. An operation that finds its record outdated reads it again.
final class QueueCatalog: Sendable {
    private let store: any SQSStore
    private let records = Mutex<[QueueAddress: QueueRecord]>([:])
    /// Beyond so many all are forgotten, and read again as needed.
    private static let most = 10_000
    /// A record that changes more often than this while one operation is tried is somebody's mistake.
    private static let attempts = 10

    init(_ store: any SQSStore) { self.store = store }

    /// The record of a queue; throws `QueueDoesNotExist`.
    func record(of address: QueueAddress, isFresh: Bool = false) async throws -> QueueRecord {
        if !isFresh, let known = records.withLock({ $0[address] }) { return known }
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

    /// Carries out an operation by the queue's present record.
    func with<Value: Sendable>(
        _ address: QueueAddress, _ body: @Sendable (QueueRecord) async throws -> Value
    ) async throws -> Value {
        var isFresh = false
        for _ in 0..<QueueCatalog.attempts {
            do {
                return try await body(try await record(of: address, isFresh: isFresh))
            } catch SQSStoreError.stale {
                isFresh = true
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
