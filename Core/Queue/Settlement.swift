import Model

/// What becomes of one leased message.
package struct Settlement: Sendable {
    package enum Verdict: Hashable, Sendable {
        /// Done: removed.
        case acknowledge
        /// Failed: ready again after a delay, with one attempt charged.
        case retry(after: Duration)
        /// Not tried: ready again after a delay, and this receive does not count.
        case release(after: Duration)
        /// Given up: a dead letter, with one attempt charged.
        case bury(reason: String)
    }

    package var receipt: Receipt
    package var verdict: Verdict
    /// Lines for the outcome queue; sent only if the lease still held. For a burial the sender writes its own.
    package var outcome: [UInt8]

    package init(_ receipt: Receipt, _ verdict: Verdict, outcome: [UInt8] = []) {
        self.receipt = receipt
        self.verdict = verdict
        self.outcome = outcome
    }
}
