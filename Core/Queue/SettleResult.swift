package enum SettleResult: Hashable, Sendable {
    case settled
    /// The lease had ended: nothing happened, and the outcome was not sent.
    case stale
}
