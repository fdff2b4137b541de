import Queue

/// What became of a delivery that was to begin.
enum Admission {
    /// The call is under way.
    case begun
    /// It waits in the worker for a place.
    case parked
    /// Its lease goes with the next settlement, until something changes.
    case held
    /// No call is made now: its lease ends with this.
    case settled(Settlement)

    var settlement: Settlement? {
        if case .settled(let settlement) = self { return settlement }
        return nil
    }
}
