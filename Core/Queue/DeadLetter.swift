package import Model

/// A message that was given up: buried by its holder, or received too often.
package struct DeadLetter: Sendable {
    package var id: MessageID
    /// The fairness key.
    package var tenant: String
    /// By the queue's clock.
    package var diedAt: Timestamp
    package var reason: String
    /// Receives since it was sent or last retried.
    package var receives: Int
    /// Attempts charged, those that the sender named included.
    package var attempts: Int
    /// How often it had been redriven before it died.
    package var generation: Int
    /// Empty in a queue with outcomes, which keeps no bodies of dead letters.
    package var body: [UInt8]

    /// A dead letter as a queue keeps it.
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
