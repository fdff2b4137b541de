package import Model

package struct DeadLetter: Sendable {
    package var id: MessageID
    package var tenant: String
    package var diedAt: Timestamp
    package var reason: String
    package var receives: Int
    package var attempts: Int
    package var generation: Int
    package var body: [UInt8]

    package init(
        id: MessageID, tenant: String, diedAt: Timestamp, reason: String, receives: Int, attempts: Int, generation: Int,
        body: [UInt8]
    ) {
        self.id = id
        self.tenant = tenant
        self.diedAt = diedAt
        self.reason = reason
        self.receives = receives
        self.attempts = attempts
        self.generation = generation
        self.body = body
    }
}
