import Model
import Synchronization

/// The clocks of a simulation: that of the hosts and the queue, and the database's, which faults shift.
final class VirtualClock: Sendable {
    private let microseconds: Atomic<Int64>
    private let skew = Atomic<Int64>(0)

    init(_ start: Timestamp) { microseconds = Atomic(start.microseconds) }

    var now: Timestamp { Timestamp(microseconds: microseconds.load(ordering: .relaxed)) }
    var database: Timestamp {
        Timestamp(microseconds: microseconds.load(ordering: .relaxed) + skew.load(ordering: .relaxed))
    }
    /// The database's clock minus the hosts'.
    var offset: Duration { .microseconds(skew.load(ordering: .relaxed)) }

    /// Moves both clocks forward; never back.
    func advance(to time: Timestamp) {
        if time > now { microseconds.store(time.microseconds, ordering: .relaxed) }
    }

    func setOffset(_ offset: Duration) { skew.store(offset.microseconds, ordering: .relaxed) }
}
