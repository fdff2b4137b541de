package import Model

/// What the Runtime API answers to a call.
package enum RuntimeAnswer: Hashable, Sendable {
    /// Work, and when it is to be done.
    case invocation(Invocation, deadline: Timestamp)
    /// 202: taken.
    case accepted
    /// 400: there is no such invocation.
    case unknownID
    /// 403: a call out of turn.
    case outOfTurn
    /// 413: the response is longer than allowed.
    case tooLarge(limit: Int)

    /// The HTTP status.
    package var status: Int {
        switch self {
        case .invocation: 200
        case .accepted: 202
        case .unknownID: 400
        case .outOfTurn: 403
        case .tooLarge: 413
        }
    }

    /// The body.
    package var body: [UInt8] {
        switch self {
        case .invocation(let invocation, _): invocation.payload
        case .accepted: Array(#"{"status":"OK"}"#.utf8)
        case .unknownID: RuntimeAnswer.error("InvalidRequestID", "Invalid request ID")
        case .outOfTurn: RuntimeAnswer.error("InvalidStateTransition", "State transition is not allowed")
        case .tooLarge(let limit):
            RuntimeAnswer.error(
                "RequestEntityTooLarge", "Exceeded maximum allowed payload size (\(limit) bytes).")
        }
    }

    /// The headers beside `Content-Type` (row 41: the trace and the deadline always, the others only when given).
    package var headers: [(name: String, value: String)] {
        guard case .invocation(let invocation, let deadline) = self else { return [] }
        var headers = [
            ("Lambda-Runtime-Aws-Request-Id", invocation.id),
            ("Lambda-Runtime-Deadline-Ms", String(deadline.microseconds / 1_000)),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.functionARN),
            ("Lambda-Runtime-Trace-Id", invocation.traceID),
        ]
        if let context = invocation.clientContext { headers.append(("Lambda-Runtime-Client-Context", context)) }
        if let identity = invocation.cognitoIdentity {
            headers.append(("Lambda-Runtime-Cognito-Identity", identity))
        }
        return headers
    }

    private static func error(_ type: String, _ message: String) -> [UInt8] {
        JSON.object([.init("errorMessage", .string(message)), .init("errorType", .string(type))]).serialized
    }
}
