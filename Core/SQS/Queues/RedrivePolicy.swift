private import Model

/// Where a queue's messages go that were received too often.
package struct RedrivePolicy: Hashable, Sendable {
    /// The dead-letter queue.
    package var target: QueueAddress
    /// A message is moved instead of being received once more than this, 1 to 1,000.
    package var maximumReceives: Int

    /// Reads the attribute `RedrivePolicy`.
    package init(_ text: String) throws(SQSError) {
        func refusal(_ reason: String) -> SQSError { .invalid(text, for: "RedrivePolicy", reason) }
        guard let json = try? JSON(parsing: text), json.members != nil else {
            throw refusal("Redrive policy is not a valid JSON map.")
        }
        guard let arn = json["deadLetterTargetArn"]?.text, !arn.isEmpty else {
            throw refusal("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
        }
        guard let count = json["maxReceiveCount"] else {
            throw refusal("Redrive policy does not contain mandatory attribute: maxReceiveCount.")
        }
        guard let number = count.int ?? count.text.flatMap({ Int($0) }), (1...1_000).contains(number) else {
            throw refusal(
                "Invalid value for maxReceiveCount: \(count.text ?? count.description), valid values are from 1 to 1000 both inclusive."
            )
        }
        guard let target = QueueAddress(arn: arn) else { throw refusal("Invalid value for deadLetterTargetArn.") }
        self.target = target
        maximumReceives = number
    }

    /// The text that `GetQueueAttributes` answers.
    package var text: String {
        JSON.object([
            JSON.Member("deadLetterTargetArn", .string(target.arn)),
            JSON.Member("maxReceiveCount", .integer(maximumReceives)),
        ]).description
    }

    /// Checks the policy of `source` against its target.
    ///
    /// - Parameter record: the target's; nil: there is none.
    package func check(of source: QueueAddress, target record: QueueRecord?, text: String) throws(SQSError) {
        func refusal(_ reason: String) -> SQSError { .invalid(text, for: "RedrivePolicy", reason) }
        guard target.realm == source.realm else {
            throw refusal("Dead-letter queue must be in the same account and region as the source.")
        }
        guard target != source else { throw refusal("A queue cannot be its own dead-letter queue.") }
        guard let record else { throw refusal("Dead letter target does not exist.") }
        guard target.isFIFO == source.isFIFO else {
            throw refusal("Dead-letter queue must be same type of queue as the source.")
        }
        guard record.allowsRedrive(from: source) else {
            throw refusal("The redrive allow policy of \(target.arn) does not allow this queue as a source.")
        }
    }
}

/// Which queues may name this one as their dead-letter queue.
package enum RedriveAllowPolicy: Hashable, Sendable {
    case all
    case none
    case queues([String])

    /// Reads the attribute `RedriveAllowPolicy`.
    package init(_ text: String) throws(SQSError) {
        func refusal(_ reason: String) -> SQSError { .invalid(text, for: "RedriveAllowPolicy", reason) }
        guard let json = try? JSON(parsing: text), json.members != nil else {
            throw refusal("Redrive allow policy is not a valid JSON map.")
        }
        let arns = json["sourceQueueArns"]
        switch json["redrivePermission"]?.text {
        case "allowAll" where arns == nil: self = .all
        case "denyAll" where arns == nil: self = .none
        case "allowAll", "denyAll": throw refusal("sourceQueueArns may be given only with redrivePermission byQueue.")
        case "byQueue":
            let texts = arns?.elements?.compactMap(\.text) ?? []
            guard (1...10).contains(texts.count), texts.count == arns?.elements?.count,
                texts.allSatisfy({ QueueAddress(arn: $0) != nil })
            else { throw refusal("sourceQueueArns must be a list of 1 to 10 ARNs of queues.") }
            self = .queues(texts)
        default: throw refusal("redrivePermission must be one of allowAll, denyAll and byQueue.")
        }
    }

    func allows(_ source: QueueAddress) -> Bool {
        switch self {
        case .all: true
        case .none: false
        case .queues(let arns): arns.contains(source.arn)
        }
    }
}
