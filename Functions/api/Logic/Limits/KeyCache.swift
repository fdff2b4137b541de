import Model
import Store
import Synchronization

/// Keys that were looked up a moment ago, so that requests wait for no database to be recognized. A revocation is felt within
/// `lifetime`, in this process at once.
final class KeyCache: Sendable {
    /// How long an answer counts. Together with the time of a lookup it stays below five seconds.
    static let lifetime = Duration.seconds(4)
    /// An unknown key is looked up again sooner: it may just have been made elsewhere.
    static let unknownLifetime = Duration.seconds(1)
    /// Entries; with more, all are looked up again.
    static let capacity = 10_000

    private struct Entry {
        /// Nil: there is no such key.
        var row: KeyRow?
        var until: ContinuousClock.Instant
    }
    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        /// Raised by each revocation: what was looked up before one is not kept after it.
        var generation = 0
    }
    private let state = Mutex(State())

    /// The key of a hash, looked up by `load` where it is not known.
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

    /// Keys have been made or revoked: nothing that is known counts any more.
    func forget() {
        state.withLock { state in
            state.entries.removeAll()
            state.generation += 1
        }
    }
}
