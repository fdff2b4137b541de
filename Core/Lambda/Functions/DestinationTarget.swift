/// Where the outcome of an asynchronous invocation goes: an SQS queue or a function.
package enum DestinationTarget: Hashable, Sendable {
    /// The ARN of a standard queue.
    case queue(String)
    /// A function, by its ARN.
    case function(FunctionReference)

    /// Reads an ARN; nil: it is none of a standard queue or a function. SNS, EventBridge and S3 do not exist here, and Lambda
    /// has no FIFO queues as destinations ("Capturing records of Lambda asynchronous invocations").
    package init?(_ arn: String) {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 6, parts[0] == "arn", parts[1].hasPrefix("aws") else { return nil }
        switch parts[2] {
        case "sqs":
            guard parts.count == 6, parts[4].utf8.count == 12, FunctionReference.isVersion(String(parts[4])),
                (1...80).contains(parts[5].utf8.count), parts[5].utf8.allSatisfy(\.isOfWord)
            else { return nil }
            self = .queue(arn)
        case "lambda":
            guard let reference = try? FunctionReference(arn) else { return nil }
            self = .function(reference)
        default: return nil
        }
    }

    /// Whether an ARN is one of a standard queue.
    static func isStandardQueue(_ arn: String) -> Bool {
        if case .queue = DestinationTarget(arn) { true } else { false }
    }
}
