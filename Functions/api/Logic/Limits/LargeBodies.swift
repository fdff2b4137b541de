import Model
import Synchronization

/// Turns for requests with large bodies, which take memory while they arrive and processor time when they are read: one
/// of each tenant at a time, and a few of all (protocols.md, 12a).
///
/// Nobody waits for a turn: the rest of the body would wait with it, and its connection be closed as too slow.
final class LargeBodies: Sendable {
    /// How many bytes need no turn.
    static let free = 1 << 20
    private static let all = 4
    private let tenants = Mutex<Set<TenantID>>([])

    /// False: the tenant has a turn already, or all are taken.
    func acquire(_ tenant: TenantID) -> Bool {
        tenants.withLock { $0.count < LargeBodies.all && $0.insert(tenant).inserted }
    }

    /// Gives the tenant's turn back.
    func release(_ tenant: TenantID) { _ = tenants.withLock { $0.remove(tenant) } }
}
