import Model

/// What happens, and when. Of events at the same time the one scheduled first comes first.
struct Event: Comparable {
    /// What happens.
    enum Kind {
        /// A loader's next pass.
        case loader(Int)
        /// Some worker receives.
        case workers
        /// A group of a worker's calls completes.
        case callsEnded(worker: Int, group: Int)
        /// A worker extends the leases of a group.
        case extend(worker: Int, group: Int)
        /// The historian receives.
        case historian
        /// A round of the monitor.
        case monitor
        /// A user or operator changes something.
        case change
        /// A fault begins.
        case fault(Fault)
        /// A fault ends.
        case mend(Fault)
        /// The hourly checks.
        case audit
    }

    /// What can go wrong.
    enum Fault: Int, CaseIterable {
        case loaderOutage, workerOutage, historianOutage, monitorOutage, storeOutage, queueOutage
        case queueLoss, clockStep, hostTrouble
    }

    var time: Timestamp
    var order: Int
    var kind: Kind

    static func < (left: Event, right: Event) -> Bool {
        left.time == right.time ? left.order < right.order : left.time < right.time
    }
    static func == (left: Event, right: Event) -> Bool { left.time == right.time && left.order == right.order }
}

/// A process died at a step; what it knew is gone.
struct Crash: Error {}

/// A part that a step needs is down.
struct Unreachable: Error {}
