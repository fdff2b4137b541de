import Queue
import Synchronization

/// Whether a trigger that is to be called now may go to the queue at once. Where the queue is full, or its tenant has more than its share
/// of it, it stays planned until a loader finds room for it (protocols.md, 12 and 12a).
final class QueueRoom: Sendable {
    private struct Reading {
        var isFull = false
        var held: Set<String> = []
        var takenAt: ContinuousClock.Instant?
    }

    private let shares: QueueShares
    private let reading = Mutex(Reading())
    /// So much may be sent between two looks at the queue.
    private static let age = Duration.seconds(1)

    init(_ shares: QueueShares) { self.shares = shares }

    /// Whether there is room for a tenant's trigger.
    ///
    /// - Parameters:
    ///   - now: the time of the call.
    ///   - pressure: asks the queue, with what tenants have of it or without.
    func isLeft(
        for tenant: String, now: ContinuousClock.Instant = .now,
        pressure ask: (_ byTenant: Bool) async throws -> QueuePressure
    ) async -> Bool {
        let isOld = reading.withLock { reading in
            if let takenAt = reading.takenAt, now - takenAt < QueueRoom.age { return false }
            // Those who come while it is asked go by the last answer.
            reading.takenAt = now
            return true
        }
        // A queue that cannot be asked takes nothing either; what is not sent to it the monitor sends.
        // The next second asks again. Until then the last answer holds, to each of the two questions.
        if isOld, let pressure = try? await ask(false) {
            let isScarce = shares.isScarce(pressure)
            let byTenant = isScarce ? try? await ask(true) : nil
            reading.withLock { reading in
                reading.isFull = shares.isFull(byTenant ?? pressure)
                if !isScarce { reading.held = [] }
                if let byTenant { reading.held = shares.held(byTenant) }
            }
        }
        return reading.withLock { !$0.isFull && !$0.held.contains(tenant) }
    }
}
