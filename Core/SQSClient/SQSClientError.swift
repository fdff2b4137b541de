/// Why a call of SQS, or one entry of a batch, failed.
package struct SQSClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As SQS names it, such as `QueueDoesNotExist`, or one of the codes below.
    package var code: String
    /// The service's text, or this client's. Has no body, secret or token.
    package var message: String
    /// The status of HTTP; nil: there was no answer, or it is the error of one entry.
    package var status: Int?
    /// What was called, such as `SendMessageBatch`.
    package var place: String
    /// Whether the service says that the caller made the mistake; nil: it does not say.
    package var isSenderFault: Bool?

    /// An error of this code and text.
    package init(_ code: String, _ message: String, at place: String, status: Int? = nil, isSenderFault: Bool? = nil) {
        self.code = code
        self.message = message
        self.status = status
        self.place = place
        self.isSenderFault = isSenderFault
    }

    /// There was no answer: no connection, or it broke, or it took too long. The call may have taken effect.
    package static let unreachable = "Unreachable"
    /// The task was cancelled, or the client closed.
    package static let cancelled = "Cancelled"
    /// The request cannot be made: the endpoint's URL is malformed or not allowed.
    package static let invalidRequest = "InvalidRequest"
    /// The answer is not what the API promises.
    package static let badAnswer = "BadAnswer"
    /// The digest of a message is not that of what was sent, or received.
    package static let digestMismatch = "DigestMismatch"
    /// There are no credentials, or they cannot be read.
    package static let noCredentials = "NoCredentials"

    private static let throttles: Set<String> = [
        "ThrottlingException", "Throttling", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "KmsThrottled", "OverLimit",
    ]
    private static let passing: Set<String> = [
        unreachable, badAnswer, digestMismatch, "ServiceUnavailable", "InternalError", "InternalFailure",
        "RequestTimeout",
    ]

    private static let refusals: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
        "InvalidSecurityToken", "RequestExpired",
    ]

    /// Whether the service does not accept the key any more: others may be there already.
    var refusesKey: Bool { SQSClientError.refusals.contains(code) }

    /// Whether the service asks for fewer calls.
    package var isThrottle: Bool { status == 429 || SQSClientError.throttles.contains(code) }

    /// Whether the same call may succeed when it is repeated.
    package var isRetryable: Bool {
        isThrottle || (status ?? 0) >= 500 || isSenderFault == false || SQSClientError.passing.contains(code)
            || code == "PurgeQueueInProgress" || code == SQSClientError.cancelled
            || code == SQSClientError.noCredentials
    }

    /// Whether the client repeats it by itself: not what needs a minute, and not a message that arrived damaged, which
    /// would be there twice.
    package var isRepeatedAtOnce: Bool {
        isRetryable && code != "PurgeQueueInProgress" && code != SQSClientError.cancelled
            && code != SQSClientError.noCredentials && code != SQSClientError.digestMismatch
    }

    /// Place, code, status and text.
    package var description: String {
        "\(place): \(code)\(status.map { " (\($0))" } ?? ""): \(message)"
    }
}
