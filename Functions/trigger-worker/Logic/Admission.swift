import Queue

/// What became of a delivery whose call was to begin.
enum Admission {
    /// The call is in flight.
    case begun
    /// It waits in the worker for a slot.
    case parked
    /// It is held until something changes; its lease ends with the next settlement.
    case held
    /// No call is made now, and this ends its lease.
    case settled(Settlement)

    var settlement: Settlement? {
        if case .settled(let settlement) = self { return settlement }
        return nil
    }
}
