import Model
import Store
import Synchronization

/// Keys that were looked up a moment ago, so that requests are authenticated without waiting for the database. A
/// revocation takes effect within `lifetime`, in this process at once.
final class KeyCache: Sendable {
    /// How long a lookup counts. Together with the lookup's own time it stays below five seconds.
    static let lifetime = Duration.seconds(4)
    /// An unknown key is looked up again sooner: it may just have been created elsewhere.
    static let unknownLifetime = Duration.seconds(1)
    /// When there are this many entries, all are dropped.
    static let capacity = 10_000

    private struct Entry {
        /// Nil: there is no such key.
        var row: KeyRow?
        var until: ContinuousClock.Instant
    }
    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        /// Raised by each `forget`: a lookup that began before it is not kept after it.
        var generation = 0
    }
    private let state = Mutex(State())

    /// The key with this hash; calls `load` if it is not cached.
    func key(
        _ hash: [UInt8], now: ContinuousClock.Instant = .now, load: ([UInt8]) async throws -> KeyRow?
    ) async throws -> KeyRow? {
        let (entry, generation) = state.withLock { ($0.entries[hash], $0.generation) }
        if let entry, entry.until > now { return entry.row }
        let row = try await load(hash)
        let until = now + (row == nil ? KeyCache.unknownLifetime : KeyCache.lifetime)
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.entries.count >= KeyCache.capacity { state.entries.removeAll() }
            state.entries[hash] = Entry(row: row, until: until)
        }
        return row
    }

    /// Drops everything, because keys were created or revoked.
    func forget() {
        state.withLock { state in
            state.entries.removeAll()
            state.generation += 1
        }
    }
}
