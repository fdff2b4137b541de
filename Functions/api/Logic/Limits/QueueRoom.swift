import Model
import Queue
import Synchronization

/// Whether a trigger that is due now may go to the queue at once. If the queue is full, or the tenant exceeds its share
/// of it, the trigger stays planned until a loader finds room (protocols.md, 12 and 12a).
final class QueueRoom: Sendable {
    private struct Reading {
        var isFull = false
        var held: Set<String> = []
        var takenAt: ContinuousClock.Instant?
    }

    private let shares: QueueShares
    private let reading = Mutex(Reading())
    /// How long a reading counts; what is sent in that time goes unnoticed.
    private static let age = Duration.seconds(1)

    init(_ shares: QueueShares) { self.shares = shares }

    /// Whether there is room for a trigger of the tenant.
    ///
    /// - Parameters:
    ///   - now: the time of the call.
    ///   - pressure: asks the queue, with or without the parts of tenants.
    func isLeft(
        for tenant: TenantID, now: ContinuousClock.Instant = .now,
        pressure ask: (_ byTenant: Bool) async throws -> QueuePressure
    ) async -> Bool {
        let isOld = reading.withLock { reading in
            if let takenAt = reading.takenAt, now - takenAt < QueueRoom.age { return false }
            // Calls that arrive while the queue is being asked use the last reading.
            reading.takenAt = now
            return true
        }
        // A queue that cannot be asked cannot be sent to either, and the monitor sends what is not sent. Until it is
        // asked again in a second the last reading counts, for each of the two questions.
        if isOld, let pressure = try? await ask(false) {
            let isScarce = shares.isScarce(pressure)
            let byTenant = isScarce ? try? await ask(true) : nil
            reading.withLock { reading in
                reading.isFull = shares.isFull(byTenant ?? pressure)
                if !isScarce { reading.held = [] }
                if let byTenant { reading.held = shares.held(byTenant) }
            }
        }
        return reading.withLock { !$0.isFull && !$0.held.contains(tenant.description) }
    }
}
