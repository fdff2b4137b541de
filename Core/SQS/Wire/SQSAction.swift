/// The actions of the SQS API, version 2012-11-05.
package enum SQSAction: String, CaseIterable, Sendable {
    case addPermission = "AddPermission"
    case cancelMessageMoveTask = "CancelMessageMoveTask"
    case changeMessageVisibility = "ChangeMessageVisibility"
    case changeMessageVisibilityBatch = "ChangeMessageVisibilityBatch"
    case createQueue = "CreateQueue"
    case deleteMessage = "DeleteMessage"
    case deleteMessageBatch = "DeleteMessageBatch"
    case deleteQueue = "DeleteQueue"
    case getQueueAttributes = "GetQueueAttributes"
    case getQueueURL = "GetQueueUrl"
    case listDeadLetterSourceQueues = "ListDeadLetterSourceQueues"
    case listMessageMoveTasks = "ListMessageMoveTasks"
    case listQueues = "ListQueues"
    case listQueueTags = "ListQueueTags"
    case purgeQueue = "PurgeQueue"
    case receiveMessage = "ReceiveMessage"
    case removePermission = "RemovePermission"
    case sendMessage = "SendMessage"
    case sendMessageBatch = "SendMessageBatch"
    case setQueueAttributes = "SetQueueAttributes"
    case startMessageMoveTask = "StartMessageMoveTask"
    case tagQueue = "TagQueue"
    case untagQueue = "UntagQueue"

    private static let queue = WireMember.required("QueueUrl", .string)
    private static let attribute = WireShape.structure([
        .optional("StringValue", .string), .optional("BinaryValue", .blob),
        .optional("StringListValues", .list(.string), "StringListValue"),
        .optional("BinaryListValues", .list(.blob), "BinaryListValue"), .optional("DataType", .string),
    ])
    private static let message: [WireMember] = [
        .required("MessageBody", .string), .optional("DelaySeconds", .integer),
        .optional("MessageAttributes", .map(attribute), "MessageAttribute"),
        .optional("MessageSystemAttributes", .map(attribute), "MessageSystemAttribute"),
        .optional("MessageDeduplicationId", .string), .optional("MessageGroupId", .string),
    ]
    private static func entries(_ name: String, _ members: [WireMember]) -> WireMember {
        .optional("Entries", .list(.structure([.required("Id", .string)] + members)), name)
    }
    private static let handle = WireMember.required("ReceiptHandle", .string)

    /// The name of an entry of a batch in the query protocol; nil: the action takes none.
    package var entryName: String? {
        switch self {
        case .changeMessageVisibilityBatch, .deleteMessageBatch, .sendMessageBatch: "\(rawValue)RequestEntry"
        default: nil
        }
    }

    /// What a request has.
    package var input: [WireMember] {
        switch self {
        case .addPermission:
            [
                Self.queue, .required("Label", .string), .required("AWSAccountIds", .list(.string), "AWSAccountId"),
                .required("Actions", .list(.string), "ActionName"),
            ]
        case .cancelMessageMoveTask: [.required("TaskHandle", .string)]
        case .changeMessageVisibility: [Self.queue, Self.handle, .required("VisibilityTimeout", .integer)]
        case .changeMessageVisibilityBatch:
            [Self.queue, Self.entries(entryName!, [Self.handle, .optional("VisibilityTimeout", .integer)])]
        case .createQueue:
            [
                .required("QueueName", .string), .optional("Attributes", .map(.string), "Attribute"),
                .optional("tags", .map(.string, key: "Key"), "Tag"),
            ]
        case .deleteMessage: [Self.queue, Self.handle]
        case .deleteMessageBatch: [Self.queue, Self.entries(entryName!, [Self.handle])]
        case .deleteQueue, .purgeQueue, .listQueueTags: [Self.queue]
        case .getQueueAttributes: [Self.queue, .optional("AttributeNames", .list(.string), "AttributeName")]
        case .getQueueURL: [.required("QueueName", .string), .optional("QueueOwnerAWSAccountId", .string)]
        case .listDeadLetterSourceQueues:
            [Self.queue, .optional("NextToken", .string), .optional("MaxResults", .integer)]
        case .listMessageMoveTasks: [.required("SourceArn", .string), .optional("MaxResults", .integer)]
        case .listQueues:
            [
                .optional("QueueNamePrefix", .string), .optional("NextToken", .string),
                .optional("MaxResults", .integer),
            ]
        case .receiveMessage:
            [
                Self.queue, .optional("AttributeNames", .list(.string), "AttributeName"),
                .optional("MessageSystemAttributeNames", .list(.string), "MessageSystemAttributeName"),
                .optional("MessageAttributeNames", .list(.string), "MessageAttributeName"),
                .optional("MaxNumberOfMessages", .integer), .optional("VisibilityTimeout", .integer),
                .optional("WaitTimeSeconds", .integer), .optional("ReceiveRequestAttemptId", .string),
            ]
        case .removePermission: [Self.queue, .required("Label", .string)]
        case .sendMessage: [Self.queue] + Self.message
        case .sendMessageBatch: [Self.queue, Self.entries(entryName!, Self.message)]
        case .setQueueAttributes: [Self.queue, .required("Attributes", .map(.string), "Attribute")]
        case .startMessageMoveTask:
            [
                .required("SourceArn", .string), .optional("DestinationArn", .string),
                .optional("MaxNumberOfMessagesPerSecond", .integer),
            ]
        case .tagQueue: [Self.queue, .required("Tags", .map(.string, key: "Key"), "Tag")]
        case .untagQueue: [Self.queue, .required("TagKeys", .list(.string), "TagKey")]
        }
    }

    private func batch(_ members: [WireMember]) -> [WireMember] {
        [
            .optional("Successful", .list(.structure([.optional("Id", .string)] + members)), "\(rawValue)ResultEntry"),
            .optional(
                "Failed",
                .list(
                    .structure([
                        .optional("Id", .string), .optional("SenderFault", .boolean), .optional("Code", .string),
                        .optional("Message", .string),
                    ])), "BatchResultErrorEntry"),
        ]
    }
    private static let sent: [WireMember] = [
        .optional("MessageId", .string), .optional("MD5OfMessageBody", .string),
        .optional("MD5OfMessageAttributes", .string), .optional("MD5OfMessageSystemAttributes", .string),
        .optional("SequenceNumber", .string),
    ]

    /// What an answer has; nil: nothing, and no element for it in the query protocol.
    package var output: [WireMember]? {
        switch self {
        case .addPermission, .changeMessageVisibility, .deleteMessage, .deleteQueue, .purgeQueue, .removePermission,
            .setQueueAttributes, .tagQueue, .untagQueue:
            nil
        case .cancelMessageMoveTask: [.optional("ApproximateNumberOfMessagesMoved", .integer)]
        case .changeMessageVisibilityBatch, .deleteMessageBatch: batch([])
        case .sendMessageBatch: batch(Self.sent)
        case .sendMessage: Self.sent
        case .createQueue, .getQueueURL: [.optional("QueueUrl", .string)]
        case .getQueueAttributes: [.optional("Attributes", .map(.string), "Attribute")]
        case .listDeadLetterSourceQueues:
            [.optional("queueUrls", .list(.string), "QueueUrl"), .optional("NextToken", .string)]
        case .listQueues: [.optional("QueueUrls", .list(.string), "QueueUrl"), .optional("NextToken", .string)]
        case .listQueueTags: [.optional("Tags", .map(.string, key: "Key"), "Tag")]
        case .listMessageMoveTasks:
            [
                .optional(
                    "Results",
                    .list(
                        .structure([
                            .optional("TaskHandle", .string), .optional("Status", .string),
                            .optional("SourceArn", .string), .optional("DestinationArn", .string),
                            .optional("MaxNumberOfMessagesPerSecond", .integer),
                            .optional("ApproximateNumberOfMessagesMoved", .integer),
                            .optional("ApproximateNumberOfMessagesToMove", .integer),
                            .optional("FailureReason", .string), .optional("StartedTimestamp", .integer),
                        ])), "ListMessageMoveTasksResultEntry")
            ]
        case .startMessageMoveTask: [.optional("TaskHandle", .string)]
        case .receiveMessage:
            [
                .optional(
                    "Messages",
                    .list(
                        .structure([
                            .optional("MessageId", .string), .optional("ReceiptHandle", .string),
                            .optional("MD5OfBody", .string), .optional("Body", .string),
                            .optional("Attributes", .map(.string), "Attribute"),
                            .optional("MD5OfMessageAttributes", .string),
                            .optional("MessageAttributes", .map(Self.attribute), "MessageAttribute"),
                        ])), "Message")
            ]
        }
    }
}
