/// What a mapping connects, as it is found when the mapping is made or changed.
package struct MappingSource: Hashable, Sendable {
    /// Twelve digits: whose API is called.
    package var account: String
    /// Of the API that is called.
    package var region: String
    /// Of the function, with its qualifier if one was named.
    package var functionARN: String
    /// Seconds.
    package var functionTimeout: Int
    /// Seconds: the queue's visibility timeout; nil: there is no such queue.
    package var queueVisibility: Int?

    /// A source of these parts.
    package init(
        account: String, region: String, functionARN: String, functionTimeout: Int, queueVisibility: Int?
    ) {
        self.account = account
        self.region = region
        self.functionARN = functionARN
        self.functionTimeout = functionTimeout
        self.queueVisibility = queueVisibility
    }

    /// Whether a text is the ARN of a queue here.
    func isQueue(arn: String) -> Bool {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "sqs"
            && parts[3] == region && parts[4] == account && !parts[5].isEmpty
    }

    /// Checks the queue against the function.
    func check() throws(LambdaError) {
        guard let queueVisibility else {
            throw .invalid(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist or you do not have access to it."
            )
        }
        guard queueVisibility >= functionTimeout else {
            throw .invalid(
                "Queue visibility timeout: \(queueVisibility) seconds is less than Function timeout: \(functionTimeout) seconds"
            )
        }
    }
}
