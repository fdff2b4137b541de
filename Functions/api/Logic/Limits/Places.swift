import Postgres
import Synchronization

/// How many requests are carried out at once, shared fairly by tenants: what waits here uses neither the processor nor a connection, so
/// that another tenant's request does not stand behind it. The last ones are for tenants that have no place.
final class Places: Sendable {
    private let turns: Mutex<PoolTurns<CheckedContinuation<Void, Never>>>

    init(_ count: Int, reserve: Int) { turns = Mutex(PoolTurns(size: count, reserve: reserve)) }

    /// Carries out `body` in a place of the tenant's.
    func with<Value: Sendable>(for tenant: String, _ body: () async throws -> Value) async throws -> Value {
        await withCheckedContinuation { continuation in
            let hasPlace = turns.withLock { $0.enter(tenant, continuation) }
            if hasPlace { continuation.resume() }
        }
        defer { turns.withLock { $0.leave(tenant) }?.resume() }
        return try await body()
    }
}
