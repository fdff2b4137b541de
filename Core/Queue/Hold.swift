/// A leased message to be held until its group is woken, at most for a delay.
package struct Hold: Sendable {
    package var receipt: Receipt
    package var group: HoldGroup
    /// From now until it is due by itself, rounded up to a whole second of the queue's clock.
    package var delay: Duration

    /// Holds the message of a lease.
    package init(_ receipt: Receipt, for group: HoldGroup, delay: Duration) {
        self.receipt = receipt
        self.group = group
        self.delay = delay
    }
}
