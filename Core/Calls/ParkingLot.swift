/// Calls that wait within the worker for a slot at their host or of their tenant, because one may become free in a
/// moment.
package struct ParkingLot<Call: Sendable>: Sendable {
    /// A waiting call.
    package struct Entry: Sendable {
        package var call: Call
        /// When it first asked for a slot.
        package var since: ContinuousClock.Instant
    }

    private let capacity: Int
    private let patience: Duration
    private var entries: [Entry] = []

    /// An empty lot.
    ///
    /// - Parameters:
    ///   - capacity: how many calls may wait; more would take the place of leases that could find a slot.
    ///   - patience: how long each may wait.
    package init(capacity: Int, patience: Duration) {
        self.capacity = max(1, capacity)
        self.patience = patience
    }

    /// How many calls wait.
    package var count: Int { entries.count }

    /// Whether a call that first asked at `since` has waited as long as it may.
    package func hasWaitedEnough(since: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> Bool {
        now - since >= patience
    }

    /// Whether it is worth waiting here for a slot expected in `wait`: that is longer the more others were turned away.
    package func canPark(expecting wait: Duration) -> Bool { wait < patience * 4 && entries.count < capacity }

    /// Adds a call, which first asked for a slot at `since`.
    package mutating func park(_ call: Call, since: ContinuousClock.Instant) {
        entries.append(Entry(call: call, since: since))
    }

    /// Removes and returns all calls, in the order in which they were parked.
    package mutating func takeAll() -> [Entry] {
        defer { entries = [] }
        return entries
    }
}
