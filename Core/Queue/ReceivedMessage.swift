/// A leased message.
package struct ReceivedMessage: Sendable {
    package var id: MessageID
    package var receipt: Receipt
    /// The fairness key it was sent with.
    package var tenant: String
    /// How often it was received since it was sent or last retried, this time included; releases do not count.
    package var receives: Int
    /// Attempts charged by `retry`, plus those that the sender named.
    package var attempts: Int
    /// The redrive number it was sent with.
    package var generation: Int
    package var body: [UInt8]

    /// A message as a driver leases it.
    package init(
        id: MessageID, receipt: Receipt, tenant: String, receives: Int, attempts: Int, generation: Int, body: [UInt8]
    ) {
        self.id = id
        self.receipt = receipt
        self.tenant = tenant
        self.receives = receives
        self.attempts = attempts
        self.generation = generation
        self.body = body
    }
}
