internal import Queue

/// A step of a settlement, in their order.
package enum SettleStep: String, CaseIterable, Sendable {
    /// The outcome is sent to the outcome queue.
    case outcome
    /// The copy, or the dead letter, is sent.
    case successor
    /// The message is deleted.
    case delete
}

/// A message that this process holds.
struct Lease: Sendable {
    /// Which of the two queues it was received from.
    enum Origin: Sendable {
        /// The queue itself.
        case queue
        /// `-lapsed` of the source.
        case lapsed
    }

    var envelope: MessageEnvelope
    /// As the sender gave it.
    var body: [UInt8]
    var origin = Origin.queue
    /// By the monotonic clock, the last instant at which it counts as held.
    var end: Duration
    /// Steps of its settlement that have succeeded.
    var done: Set<SettleStep> = []
    /// Who received it deletes it: an event source mapping, when the invocation ends.
    var isOfInvocation = false
}

/// The messages that this process holds, by receipt handle: what is needed to send a copy of each.
struct LeaseTable: Sendable {
    private var leases: [String: Lease] = [:]
    /// Messages of invocations whose settlement is complete but for the deletion.
    private var settled: Set<String> = []

    /// A lease counts as ended so much earlier than SQS ends it, since its answer took a while to arrive.
    static let margin = Duration.seconds(1)

    var count: Int { leases.count }

    /// Adds a lease that begins now.
    mutating func add(_ handle: String, _ lease: Lease) { leases[handle] = lease }

    /// The lease, unless it has ended; then it is forgotten.
    mutating func held(_ handle: String, now: Duration) -> Lease? {
        guard let lease = leases[handle] else { return nil }
        if now <= lease.end { return lease }
        leases[handle] = nil
        return nil
    }

    /// Takes note of a step that has succeeded; the last one ends the lease.
    ///
    /// - Parameter comesAgain: the message stays in its queue.
    mutating func finish(_ step: SettleStep, of handle: String, comesAgain: Bool = false) {
        if step == .delete {
            if leases[handle]?.isOfInvocation == true, !comesAgain { settled.insert(handle) }
            leases[handle] = nil
        } else {
            leases[handle]?.done.insert(step)
        }
    }

    /// Takes note of messages of an invocation that need no settlement.
    mutating func settle(_ handles: [String]) { settled.formUnion(handles) }

    /// Moves the end of a lease.
    mutating func extend(_ handle: String, to end: Duration) { leases[handle]?.end = end }

    /// Forgets a lease.
    mutating func remove(_ handle: String) { leases[handle] = nil }

    /// Whether a message of an invocation is still held, and if not, whether it was settled.
    func state(of handle: String) -> (isHeld: Bool, isSettled: Bool) {
        (leases[handle] != nil, settled.contains(handle))
    }

    /// Forgets the messages of an invocation.
    mutating func forget(_ handles: [String]) {
        for handle in handles {
            leases[handle] = nil
            settled.remove(handle)
        }
    }

    /// Forgets the leases that have ended.
    mutating func prune(now: Duration) { leases = leases.filter { now <= $0.value.end } }

    /// Forgets all.
    mutating func removeAll() {
        leases = [:]
        settled = []
    }
}
