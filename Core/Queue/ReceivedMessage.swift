package struct ReceivedMessage: Sendable {
    package var id: MessageID
    package var receipt: Receipt
    package var tenant: String
    /// How often it was received since it was sent or last retried, this time included.
    package var receives: Int
    /// How many attempts were charged by `retry`, and those the sender named.
    package var attempts: Int
    package var generation: Int
    package var body: [UInt8]

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
