/// The quotas of SQS (Developer Guide, "Amazon SQS message quotas" and "Amazon SQS queue quotas").
package enum SQSLimits {
    /// Bytes of a message, and of all messages in a batch: body, and names, types and values of attributes.
    package static let messageBytes = 1_048_576
    /// Entries of a batch.
    package static let batch = 10
    /// Attributes of a message.
    package static let messageAttributes = 10
    /// Messages in flight in one queue.
    package static let inFlight = 120_000
    /// Seconds that a message may be invisible after it was received, all in all.
    package static let visibility = 43_200
    /// Seconds of delay.
    package static let delay = 900
    /// Seconds of a long poll.
    package static let wait = 20
    /// Seconds for which a FIFO queue recognizes a deduplication id or a receive attempt id.
    package static let deduplication = 300
    /// Characters of a group id, a deduplication id or a receive attempt id.
    package static let idCharacters = 128
    /// Tags of a queue.
    package static let tags = 50
    /// Seconds between the deletion of a queue and the creation of one with its name, and between two purges.
    package static let pause = 60
}
