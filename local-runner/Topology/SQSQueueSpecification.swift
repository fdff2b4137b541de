package import Model

/// A queue of the topology with the behaviour of Amazon SQS (`kind: sqs`).
package struct SQSQueueSpecification: Equatable, Sendable {
    /// Up to 80 letters, digits, hyphens and underscores; FIFO if it ends with `.fifo`.
    package var name: String
    /// Seconds that a received message is hidden; 0 to 43,200, by default 30.
    package var visibility = 30
    /// Seconds until a sent message is visible; 0 to 900, by default 0.
    package var delay = 0
    /// Seconds that a message is kept; 60 to 1,209,600, by default four days.
    package var retention = 345_600
    /// Receives after which a message goes to the dead-letter queue; 1 to 1,000. With `deadLetter` only.
    package var maxReceives = 10
    /// The dead-letter queue, which is made if the topology does not have it; nil: none.
    package var deadLetter: String?
    /// FIFO: a message without a deduplication id has the digest of its body as one.
    package var deduplicatesByContent = false
    /// FIFO: deduplication ids are of the message group.
    package var deduplicatesByGroup = false

    /// A queue with the defaults given at each property.
    package init(name: String) { self.name = name }

    /// The SQS queues that make up one of Headgate's queues: for dead letters, for messages that were received too often, and
    /// for messages (decision 0042).
    package static func parts(of queue: QueueSpecification) -> [SQSQueueSpecification] {
        let longest = 1_209_600
        return ["\(queue.name)-dead", "\(queue.name)-lapsed", queue.name].map { name in
            var part = SQSQueueSpecification(name: name)
            part.visibility = Int(queue.visibility.microseconds / 1_000_000)
            part.retention = longest
            if name == queue.name {
                part.deadLetter = "\(queue.name)-lapsed"
                part.maxReceives = queue.maxReceives
            }
            return part
        }
    }

    /// Whether it is a FIFO queue.
    package var isFIFO: Bool { name.hasSuffix(".fifo") }

    /// `Attributes` of CreateQueue and SetQueueAttributes.
    ///
    /// - Parameter deadLetterARN: of the dead-letter queue.
    package func attributes(deadLetterARN: String?) -> JSON {
        var members: [JSON.Member] = [
            .init("VisibilityTimeout", .string("\(visibility)")), .init("DelaySeconds", .string("\(delay)")),
            .init("MessageRetentionPeriod", .string("\(retention)")),
        ]
        if let deadLetterARN {
            let policy: JSON = [
                "deadLetterTargetArn": .string(deadLetterARN), "maxReceiveCount": .integer(maxReceives),
            ]
            members.append(.init("RedrivePolicy", .string(policy.description)))
        }
        if isFIFO {
            members.append(.init("ContentBasedDeduplication", .string("\(deduplicatesByContent)")))
            members.append(.init("DeduplicationScope", .string(deduplicatesByGroup ? "messageGroup" : "queue")))
        }
        return .object(members)
    }
}
