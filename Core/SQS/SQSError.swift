/// A refusal as SQS words it.
///
/// Codes, statuses and texts are those of the SQS API Reference, version 2012-11-05. Where the two protocols differ, the
/// code of the query protocol is `code` and the error's name in AWS JSON is `shape`.
package struct SQSError: Error, Hashable, Sendable {
    /// The code of the query protocol, such as `AWS.SimpleQueueService.NonExistentQueue`.
    package var code: String
    /// The name in AWS JSON, such as `QueueDoesNotExist`.
    package var shape: String
    /// Before the `#` of `__type` in AWS JSON.
    package var namespace = "com.amazonaws.sqs"
    /// For people.
    package var message: String
    /// The text of the query protocol, where it differs.
    package var queryMessage: String?
    /// The HTTP status.
    package var status = 400
    /// Whether the caller made the mistake; false: the service did.
    package var isSenderFault = true
    /// It refuses a whole batch, not one entry of it.
    package var isOfWholeBatch = false
    /// Answered by its name alone.
    var isBare = false

    /// An error whose shape is its code without the prefix `AWS.SimpleQueueService.`.
    package init(_ code: String, shape: String? = nil, _ message: String, status: Int = 400) {
        self.code = code
        self.shape = shape ?? String(code.drop(prefix: "AWS.SimpleQueueService."))
        self.message = message
        self.status = status
    }

    private static func prefixed(_ shape: String, _ message: String, status: Int = 400) -> SQSError {
        SQSError("AWS.SimpleQueueService.\(shape)", shape: shape, message, status: status)
    }

    // MARK: Queues

    /// There is no queue of this name, or its URL leads to none.
    package static var queueDoesNotExist: SQSError {
        var error = SQSError(
            "AWS.SimpleQueueService.NonExistentQueue", shape: "QueueDoesNotExist", "The specified queue does not exist."
        )
        error.queryMessage = "The specified queue does not exist for this wsdl version."
        return error
    }
    /// A queue of this name has another value for an attribute.
    package static func queueExists(differingIn attribute: String) -> SQSError {
        SQSError(
            "QueueAlreadyExists", shape: "QueueNameExists",
            "A queue already exists with the same name and a different value for attribute \(attribute)")
    }
    /// A queue of this name was deleted less than 60 s ago.
    package static var queueDeletedRecently: SQSError {
        prefixed(
            "QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
    }
    /// The queue was purged less than 60 s ago.
    package static func purgeInProgress(_ name: String) -> SQSError {
        prefixed(
            "PurgeQueueInProgress", "Only one PurgeQueue operation on \(name) is allowed every 60 seconds.", status: 403
        )
    }

    // MARK: Parameters

    /// A required parameter is absent or empty.
    package static func missing(_ name: String) -> SQSError {
        missing(text: "The request must contain the parameter \(name).")
    }
    /// A required parameter is absent, in the given words.
    package static func missing(text: String) -> SQSError {
        SQSError("MissingParameter", shape: "MissingRequiredParameterException", text)
    }
    /// A parameter has a value that is not allowed.
    package static func invalid(_ message: String) -> SQSError {
        SQSError("InvalidParameterValue", shape: "InvalidParameterValueException", message)
    }
    /// A parameter has a value that is not allowed, in the usual words.
    package static func invalid(_ value: String, for name: String, _ reason: String) -> SQSError {
        invalid("Value \(value) for parameter \(name) is invalid. Reason: \(reason)")
    }
    /// A number is not in its range.
    package static func outOfRange(_ value: Int, for name: String, _ range: ClosedRange<Int>) -> SQSError {
        invalid(
            "\(value)", for: name, "Must be >= \(range.lowerBound) and <= \(range.upperBound), if provided.")
    }
    /// The name of an attribute is unknown, or not one that can be set.
    package static func invalidAttributeName(_ name: String) -> SQSError {
        SQSError("InvalidAttributeName", "Unknown Attribute \(name).")
    }
    /// The value of an attribute is not allowed.
    package static func invalidAttributeValue(_ name: String, _ reason: String? = nil) -> SQSError {
        SQSError(
            "InvalidAttributeValue",
            "Invalid value for the parameter \(name)." + (reason.map { " Reason: \($0)" } ?? ""))
    }

    // MARK: Messages

    /// The handle was not given out by this queue.
    package static func invalidHandle(_ handle: String) -> SQSError {
        SQSError("ReceiptHandleIsInvalid", "The input receipt handle \"\(handle)\" is not a valid receipt handle.")
    }
    /// The body has characters that XML 1.0 does not allow.
    package static var invalidContents: SQSError {
        SQSError(
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        )
    }
    /// More messages are in flight than a queue may have.
    package static var overLimit: SQSError {
        SQSError(
            "OverLimit",
            "Too many messages are in flight: a queue may have \(SQSLimits.inFlight). Delete messages, or wait until their visibility timeouts end.",
            status: 403)
    }

    // MARK: Batches

    /// A batch has no entry.
    package static func emptyBatch(_ entryName: String) -> SQSError {
        prefixed(
            "EmptyBatchRequest", "There should be at least one \(entryName) in the request.")
    }
    /// A batch has more than ten entries.
    package static func tooManyEntries(_ count: Int) -> SQSError {
        prefixed(
            "TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are \(SQSLimits.batch). You have sent \(count).")
    }
    /// An entry's id has other characters, or more than 80.
    package static var invalidBatchEntryID: SQSError {
        prefixed(
            "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
        )
    }
    /// Two entries have one id.
    package static func repeatedBatchEntryID(_ id: String) -> SQSError {
        prefixed("BatchEntryIdsNotDistinct", "Id \(id) repeated.")
    }
    /// The entries have too many bytes in sum.
    package static func batchTooLong(_ bytes: Int) -> SQSError {
        prefixed(
            "BatchRequestTooLong",
            "Batch requests cannot be longer than \(SQSLimits.messageBytes) bytes. You have sent \(bytes) bytes.")
    }

    // MARK: Move tasks

    /// There is no such queue or task.
    package static func resourceNotFound(_ message: String) -> SQSError {
        SQSError("ResourceNotFoundException", message, status: 404)
    }
    /// The task's state does not allow it.
    package static func unsupported(_ message: String) -> SQSError { prefixed("UnsupportedOperation", message) }

    // MARK: The service

    /// The store cannot be reached. Clients repeat it.
    package static var unavailable: SQSError {
        var error = SQSError(
            "ServiceUnavailable", "The request has failed due to a temporary failure of the server.", status: 503)
        error.isSenderFault = false
        return error
    }
}

extension StringProtocol {
    /// The text without this prefix, if it has it.
    func drop(prefix: String) -> SubSequence { hasPrefix(prefix) ? dropFirst(prefix.count) : self[...] }
}
