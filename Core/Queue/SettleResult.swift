/// What became of one settlement.
package enum SettleResult: Hashable, Sendable {
    /// The lease held: the verdict took effect, and the outcome was sent.
    case settled
    /// The lease had ended: nothing happened, and the outcome was not sent.
    case stale
}
