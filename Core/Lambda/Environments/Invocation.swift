import Model

/// One call of a function, as its runtime gets it.
package struct Invocation: Hashable, Sendable {
    /// The request id, a UUID.
    package var id: String
    /// JSON to the function, bytes to everyone else.
    package var payload: [UInt8]
    /// Of the function, with the qualifier by which it was invoked.
    package var functionARN: String
    /// From when the runtime gets it.
    package var timeout: Duration
    /// The value of `X-Amzn-Trace-Id`.
    package var traceID: String
    /// JSON that the caller passes along; nil: none.
    package var clientContext: String?
    /// JSON about a caller with an identity of Amazon Cognito; nil: none.
    package var cognitoIdentity: String?

    /// A call without a client context or an identity.
    package init(id: String, payload: [UInt8], functionARN: String, timeout: Duration, traceID: String) {
        self.id = id
        self.payload = payload
        self.functionARN = functionARN
        self.timeout = timeout
        self.traceID = traceID
    }
}

/// What came of an invocation.
package struct InvocationResult: Hashable, Sendable {
    /// What the function answered, whether it is JSON or not; of a failure an object with `errorType` and `errorMessage`.
    package var payload: [UInt8]
    /// The function failed: thrown, ended, or out of time or memory.
    package var isFailure: Bool
    /// The function has not seen the invocation: the machine could not start it.
    package var isServiceFailure = false

    /// A result of these parts.
    package init(payload: [UInt8], isFailure: Bool) {
        self.payload = payload
        self.isFailure = isFailure
    }

    /// A failure that the runtime did not report itself.
    static func failure(_ type: String, _ message: String) -> InvocationResult {
        InvocationResult(
            payload: JSON.object([.init("errorType", .string(type)), .init("errorMessage", .string(message))])
                .serialized, isFailure: true)
    }
}
