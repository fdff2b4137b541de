internal import Queue

/// One settlement on its way through the steps.
struct Settling: Sendable {
    /// What follows the message.
    enum Successor: Hashable, Sendable {
        case none
        /// A copy in the same queue.
        case copy(attempts: Int, delay: Duration)
        /// A dead letter.
        case letter(reason: String, attempts: Int)
        /// The message itself, invisible for a while. Only lapsed messages wait so: they are few, and their count of
        /// receives must stay.
        case itself(delay: Duration)
    }

    /// Its place in the batch.
    let place: Int
    let handle: String
    let lease: Lease
    let outcome: [UInt8]
    let successor: Successor
    /// Why it stopped; nil: it goes on.
    var error: SQSClientError?

    /// - Parameter maximumReceives: of the source, for lapsed messages.
    init(_ settlement: Settlement, at place: Int, lease: Lease, maximumReceives: Int) {
        self.place = place
        self.lease = lease
        handle = settlement.receipt.handle
        outcome = settlement.outcome
        let attempts = lease.envelope.attempts
        successor =
            switch (settlement.verdict, lease.origin) {
            case (.acknowledge, .queue): .none
            case (.retry(let delay), .queue): .copy(attempts: attempts + 1, delay: delay)
            case (.release(let delay), .queue): .copy(attempts: attempts, delay: delay)
            case (.bury(let reason), .queue): .letter(reason: reason, attempts: attempts + 1)
            case (.acknowledge, .lapsed), (.bury, .lapsed):
                .letter(reason: BurialNotice.tooManyReceives(maximumReceives), attempts: attempts)
            case (.retry(let delay), .lapsed), (.release(let delay), .lapsed): .itself(delay: delay)
            }
    }

    /// Whether the message itself is received again.
    var comesAgain: Bool { if case .itself = successor { true } else { false } }

    /// Whether the step has something to do that has not been done before.
    func needs(_ step: SettleStep, hasOutcomes: Bool) -> Bool {
        if error != nil || lease.done.contains(step) { return false }
        switch step {
        case .outcome: return hasOutcomes && !outcome.isEmpty
        case .successor:
            switch successor {
            case .copy, .letter: return true
            case .none, .itself: return false
            }
        case .delete: return true
        }
    }
}
