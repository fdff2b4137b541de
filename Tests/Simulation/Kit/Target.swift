import Calls
import Model
import TestRandom

/// The targets of all calls, and what they have seen.
struct Target {
    private struct Seen {
        var redrive: Int
        var attempt: Int
    }

    private var seen: [Identifier: Seen] = [:]
    /// Triggers whose repetition a fault explains.
    private var excused: Set<Identifier> = []
    private(set) var calls = 0
    private(set) var duplicates = 0
    var groups = 0
    /// Groups of tenants whose host does not answer now.
    var trouble: Set<Int> = []
    static let hosts = 16

    mutating func excuse(_ ids: some Sequence<Identifier>) { excused.formUnion(ids) }
    func isExcused(_ id: Identifier) -> Bool { excused.contains(id) }

    /// Everything that has been called so far may be called again.
    mutating func excuseAll() {
        excused.formUnion(seen.keys)
        troubles += 1
    }
    /// How often all were excused.
    private(set) var troubles = 0

    mutating func forget(_ id: Identifier) {
        seen[id] = nil
        excused.remove(id)
    }

    /// Notes a call; what is wrong with it, or nil.
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

    /// What a target answers, and how long it takes where that is long.
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
        message.tenant.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % hosts
    }
}
