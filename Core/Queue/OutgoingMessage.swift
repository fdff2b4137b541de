import Model

/// A message to send.
package struct OutgoingMessage: Sendable {
    package var id: MessageID
    /// The fairness key: messages of different keys take turns. Usually the tenant; empty is a key like any other.
    package var tenant: String
    /// Counted from the ticket's time; unlimited.
    package var delay: Duration
    /// How much of its key's share the message uses up: 1 / weight.
    package var cost: Double
    /// How often the id was redriven from the dead letters; returned with every receive and burial.
    package var generation: Int
    /// Attempts made before this send.
    package var attempts: Int
    /// Not empty.
    package var body: [UInt8]

    /// A message to be received at once, at the cost of 1, unless given otherwise. Traps on an empty body.
    package init(
        id: MessageID, tenant: String, delay: Duration = .zero, cost: Double = 1, generation: Int = 0,
        attempts: Int = 0,
        body: [UInt8]
    ) {
        precondition(!body.isEmpty, "a message needs a body")
        self.id = id
        self.tenant = tenant
        self.delay = delay
        self.cost = cost
        self.generation = generation
        self.attempts = attempts
        self.body = body
    }
}
