/// One message to be held.
package struct Hold: Sendable {
    package var receipt: Receipt
    package var group: HoldGroup
    package var delay: Duration

    package init(_ receipt: Receipt, for group: HoldGroup, delay: Duration) {
        self.receipt = receipt
        self.group = group
        self.delay = delay
    }
}
