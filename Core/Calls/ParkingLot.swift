/// Calls that wait in the worker for a place at their host or of their tenant, because one may become free in a moment.
package struct ParkingLot<Call: Sendable>: Sendable {
    package struct Entry: Sendable {
        package var call: Call
        /// When it first asked for a place.
        package var since: ContinuousClock.Instant
    }

    private let capacity: Int
    private let patience: Duration
    private var entries: [Entry] = []

    /// - Parameters:
    ///   - capacity: how many may wait; further ones would keep leases from coming that find a place.
    ///   - patience: how long each may wait.
    package init(capacity: Int, patience: Duration) {
        self.capacity = max(1, capacity)
        self.patience = patience
    }

    package var count: Int { entries.count }

    /// Whether a call has waited for as long as it may.
    package func isTired(since: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> Bool {
        now - since >= patience
    }

    /// Whether it is worth to wait here for a place that is expected in `wait`: the longer others have been turned away, the less.
    package func mayPark(expecting wait: Duration) -> Bool { wait < patience * 4 && entries.count < capacity }

    package mutating func park(_ call: Call, since: ContinuousClock.Instant) {
        entries.append(Entry(call: call, since: since))
    }

    /// Empties it, in the order of parking.
    package mutating func takeAll() -> [Entry] {
        defer { entries = [] }
        return entries
    }
}
