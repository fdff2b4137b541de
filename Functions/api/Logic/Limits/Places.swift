import Model
import Synchronization

/// How many requests are carried out at once, shared fairly by tenants: what waits here uses neither the processor nor a connection, so
/// that another tenant's request does not stand behind it. The last quarter is for tenants that have no place.
final class Places: Sendable {
    private let turns: Mutex<FairTurns<CheckedContinuation<Void, Never>>>

    /// - Parameters:
    ///   - count: all places.
    ///   - readers: of them, how many requests may read in. One tenant reads in half of these at most.
    init(_ count: Int, readers: Int) {
        turns = Mutex(
            FairTurns(size: count, reserve: count / 4, readers: (readers, readers - max(1, readers / 2))))
    }

    /// Carries out `body` in a place of the tenant's.
    func with<Value: Sendable>(
        for tenant: String, isReading: Bool, _ body: () async throws -> Value
    ) async throws -> Value {
        await withCheckedContinuation { continuation in
            let hasPlace = turns.withLock { $0.enter(tenant, isReader: isReading, continuation) }
            if hasPlace { continuation.resume() }
        }
        defer { turns.withLock { $0.leave(tenant, isReader: isReading) }?.resume() }
        return try await body()
    }
}
