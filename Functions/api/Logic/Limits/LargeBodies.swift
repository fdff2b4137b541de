import Synchronization

/// Turns for requests with large bodies, which take memory while they arrive and processor time when they are read: one
/// of each tenant at a time, and a few of all (protocols.md, 12a). Small bodies of the same calls need no turn.
final class LargeBodies: Sendable {
    private let tenants = Mutex<Set<String>>([])
    private let turns = Places(4, readers: 4)

    /// Carries out `body` in a turn; nil, and nothing done, if the tenant has one already.
    func with<Value: Sendable>(for tenant: String, _ body: () async throws -> Value) async throws -> Value? {
        guard tenants.withLock({ $0.insert(tenant).inserted }) else { return nil }
        defer { _ = tenants.withLock { $0.remove(tenant) } }
        return try await turns.with(for: tenant, isReading: false, body)
    }
}
