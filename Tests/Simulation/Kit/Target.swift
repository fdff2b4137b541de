import Calls
import Model
import TestRandom

/// The targets of all calls, and what they have seen.
struct Target {
    private struct Seen {
        var redrive: Int
        var attempt: Int
    }

    private var seen: [TriggerID: Seen] = [:]
    /// Triggers of which a fault explains a repeated call.
    private var excused: Set<TriggerID> = []
    private(set) var calls = 0
    private(set) var duplicates = 0
    var groups = 0
    /// The hosts that fail now, by number; each serves a group of tenants.
    var trouble: Set<Int> = []
    static let hosts = 16

    mutating func excuse(_ ids: some Sequence<TriggerID>) { excused.formUnion(ids) }
    func isExcused(_ id: TriggerID) -> Bool { excused.contains(id) }

    /// Excuses every trigger called so far.
    mutating func excuseAll() {
        excused.formUnion(seen.keys)
        troubles += 1
    }
    /// How often everything was excused.
    private(set) var troubles = 0

    mutating func forget(_ id: TriggerID) {
        seen[id] = nil
        excused.remove(id)
    }

    /// Records a call, and returns what is wrong with it; nil: nothing.
    mutating func call(_ message: TriggerMessage, attempt: Int, isDone: Bool) -> String? {
        calls += 1
        let known = seen[message.id]
        seen[message.id] = Seen(redrive: message.redrive, attempt: attempt)
        if let known, known.redrive == message.redrive, known.attempt >= attempt {
            duplicates += 1
            if !excused.contains(message.id) { return "attempt \(attempt) was made twice, and no fault explains it" }
        }
        if isDone && !excused.contains(message.id) { return "a call for a trigger that is recorded as ended" }
        return nil
    }

    /// What the target answers, and how long it takes; nil: not long.
    mutating func answer(
        _ message: TriggerMessage, _ now: Timestamp, using random: inout SeededGenerator
    ) -> (DeliveryRules.Answer, Duration?) {
        if !trouble.isEmpty, trouble.contains(Target.host(of: message)) {
            return random.chance(0.5)
                ? (.status(503, retryAfter: nil), nil) : (.failed("the host cannot be reached"), .seconds(5))
        }
        switch random.next() % 1_000 {
        case 0..<940: return (.status(200, retryAfter: nil), nil)
        case 940..<965: return (.status(500, retryAfter: nil), nil)
        case 965..<972: return (.status(429, retryAfter: .seconds(30)), nil)
        case 972..<984: return (.status(404, retryAfter: nil), nil)
        case 984..<992: return (.failed("no answer within 30s"), .seconds(30))
        case 992..<999: return (.status(200, retryAfter: nil), random.duration(1_000...60_000))
        default: return (.impossible("the address is not allowed"), nil)
        }
    }

    static func host(of message: TriggerMessage) -> Int {
        message.tenant.description.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % hosts
    }
}
