import Model

/// How one lease ends, and the outcome to send with it.
package struct Settlement: Sendable {
    /// What becomes of the message.
    package enum Verdict: Hashable, Sendable {
        /// Done: removed.
        case acknowledge
        /// Failed: ready again after a delay, with one attempt charged and its receives reset.
        case retry(after: Duration)
        /// Not tried: ready again after a delay, and this receive does not count.
        case release(after: Duration)
        /// Given up: a dead letter, with one attempt charged.
        case bury(reason: String)
    }

    package var receipt: Receipt
    package var verdict: Verdict
    /// Lines for the outcome queue, sent only if the lease still held; empty for none. A burial needs one too: the
    /// queue writes its own only for messages that die without their holder.
    package var outcome: [UInt8]

    /// A settlement without an outcome, unless given.
    package init(_ receipt: Receipt, _ verdict: Verdict, outcome: [UInt8] = []) {
        self.receipt = receipt
        self.verdict = verdict
        self.outcome = outcome
    }
}
