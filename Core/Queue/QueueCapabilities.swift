/// What a driver keeps of `MessageQueue`'s promises, where services differ.
package struct QueueCapabilities: Hashable, Sendable {
    /// The longest delay that the service itself keeps; longer ones the driver reaches in steps. Nil: any.
    package var maximumDelay: Duration?
    /// Messages in one call of the service; the driver cuts longer lists. Nil: any.
    package var maximumBatch: Int?
    /// An id is known from its send until its outcome is recorded, and sending it again changes nothing.
    package var knowsIDs = true
    /// Messages can be removed, or asked for, by their ids.
    package var findsByID = true
    /// A receipt is refused as soon as another receiver has the message.
    package var isFencing = true
    /// Tenants take turns in proportion to their costs, to the exact position, and one tenant's messages keep their
    /// order.
    package var isExactlyFair = true
    /// Dead letters can be listed and redriven.
    package var listsDead = true
    /// Messages are counted by tenant, with the age of the oldest.
    package var countsTenants = true
    /// The queue does its own housekeeping when asked, without a receiver.
    package var isMaintained = true
    /// Sends of one id are joined into a hint, where the queue is of that kind.
    package var isCoalescing = true
    /// Messages can be held in groups and woken.
    package var isHolding = true

    /// Everything.
    package static let all = QueueCapabilities()
    /// Standard queues of Amazon SQS: fair between tenants, but not to the position.
    package static let sqs = QueueCapabilities(
        maximumDelay: .seconds(900), maximumBatch: 10, knowsIDs: false, findsByID: false, isFencing: false,
        isExactlyFair: false, listsDead: false, countsTenants: false, isMaintained: false, isCoalescing: false,
        isHolding: false)
}
