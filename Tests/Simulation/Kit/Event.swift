import Model

/// What happens next, and when. Of events at one time the one that was arranged first.
struct Event: Comparable {
    enum Kind {
        case loader(Int)
        case workers
        case callsEnded(worker: Int, group: Int)
        case extend(worker: Int, group: Int)
        case historian
        case monitor
        case change
        case fault(Fault)
        case mend(Fault)
        case audit
    }

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

/// A process died at a step: what it knew is gone.
struct Crash: Error {}

/// A part that a step needs is out of order.
struct Unreachable: Error {}
