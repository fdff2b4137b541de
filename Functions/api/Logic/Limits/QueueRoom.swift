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

    func isLeft(for tenant: String, in queue: any MessageQueue) async -> Bool {
        let isOld = reading.withLock { reading in
            if let takenAt = reading.takenAt, .now - takenAt < QueueRoom.age { return false }
            // Those who come while it is asked go by the last answer.
            reading.takenAt = .now
            return true
        }
        // A queue that cannot be asked takes nothing either; what is not sent to it the monitor sends.
        // The next second asks again; until then the last answer holds, or nobody is held where only the second question failed.
        if isOld, var pressure = try? await queue.pressure() {
            if shares.isScarce(pressure) { pressure = (try? await queue.pressure(byTenant: true)) ?? pressure }
            let (isFull, held) = (shares.isFull(pressure), shares.held(pressure))
            reading.withLock { ($0.isFull, $0.held) = (isFull, held) }
        }
        return reading.withLock { !$0.isFull && !$0.held.contains(tenant) }
    }
}
