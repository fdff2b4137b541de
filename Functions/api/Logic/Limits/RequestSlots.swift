import Model
import Synchronization

/// Slots for requests carried out at once, shared fairly by tenants. A request that waits here uses neither the
/// processor nor a connection, so that no other tenant's request stands behind it. The last quarter is for tenants that
/// have no slot (decision 0027).
final class RequestSlots: Sendable {
    private let semaphore: Mutex<FairSemaphore<CheckedContinuation<Void, Never>>>

    /// - Parameters:
    ///   - count: all slots.
    ///   - readers: how many of them requests may read in; one tenant reads in at most half of these.
    init(_ count: Int, readers: Int) {
        semaphore = Mutex(
            FairSemaphore(size: count, reserve: count / 4, readers: (readers, readers - max(1, readers / 2))))
    }

    /// A slot that a request has taken.
    final class Slot: Sendable {
        private let giveBack: Mutex<(@Sendable () -> Void)?>

        fileprivate init(_ giveBack: @escaping @Sendable () -> Void) { self.giveBack = Mutex(giveBack) }

        /// Gives the slot back, once: what follows only waits for others, or is short.
        func leave() {
            giveBack.withLock { action in
                defer { action = nil }
                return action
            }?()
        }
    }

    /// Carries out `body` in one of the tenant's slots, after waiting for it.
    func with<Value: Sendable>(
        for tenant: TenantID, isReading: Bool, _ body: (Slot) async throws -> Value
    ) async throws -> Value {
        await withCheckedContinuation { continuation in
            let isAcquired = semaphore.withLock { $0.acquire(tenant.description, isReader: isReading, continuation) }
            if isAcquired { continuation.resume() }
        }
        let slot = Slot { [self] in
            semaphore.withLock { $0.release(tenant.description, isReader: isReading) }?.resume()
        }
        defer { slot.leave() }
        return try await body(slot)
    }
}
