package import Model

/// A run of occurrences that will not run, for one reason.
package struct Lapse: Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Each one's usefulness had ended before it could run.
        case expired = "deadline passed before it could run"
        /// They could have run late, but the policy for missed occurrences says no.
        case skipped = "missed: skip/last policy"
    }

    package var reason: Reason
    /// At least 1.
    package var count: Int
    package var first: Timestamp
    package var last: Timestamp

    package init(reason: Reason, count: Int, first: Timestamp, last: Timestamp) {
        self.reason = reason
        self.count = count
        self.first = first
        self.last = last
    }
}
