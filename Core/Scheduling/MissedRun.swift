package import Model

/// Missed occurrences of a schedule that will not run, all for the same reason. They are recorded as one row; other
/// occurrences may lie between the first and the last.
package struct MissedRun: Hashable, Sendable {
    /// Why they will not run; the raw value is the reason in the trigger's record.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Their deadlines passed before they could run.
        case expired = "deadline passed before it could run"
        /// They could have run late, but the policy for missed occurrences says otherwise.
        case skipped = "missed: skip/last policy"
    }

    package var reason: Reason
    /// At least 1.
    package var count: Int
    package var first: Timestamp
    package var last: Timestamp

    /// Of `count` occurrences, the first and the last.
    package init(reason: Reason, count: Int, first: Timestamp, last: Timestamp) {
        self.reason = reason
        self.count = count
        self.first = first
        self.last = last
    }
}
