/// A refusal as Lambda words it.
package struct LambdaError: Error, Hashable, Sendable {
    /// Such as `InvalidParameterValueException`.
    package var type: String
    /// For people.
    package var message: String
    /// The HTTP status.
    package var status: Int
    /// Why a call was throttled: `Reason` of a `TooManyRequestsException`; nil for other refusals.
    package var reason: String?

    /// A refusal with status 400, unless given.
    package init(_ type: String, _ message: String, status: Int = 400, reason: String? = nil) {
        self.type = type
        self.message = message
        self.status = status
        self.reason = reason
    }

    /// A parameter has a value that is not allowed.
    package static func invalid(_ message: String) -> LambdaError {
        LambdaError("InvalidParameterValueException", message)
    }
    /// Members of a request do not meet their constraints; there is at least one failure.
    package static func validation(_ failures: [String]) -> LambdaError {
        let count = failures.count == 1 ? "1 validation error" : "\(failures.count) validation errors"
        return LambdaError("ValidationException", "\(count) detected: \(failures.joined(separator: "; "))")
    }
    /// There is no such function, version, alias or setting.
    package static func notFound(_ message: String) -> LambdaError {
        LambdaError("ResourceNotFoundException", message, status: 404)
    }
    /// There is no function, version or alias with this ARN.
    package static func functionNotFound(_ arn: String) -> LambdaError { notFound("Function not found: \(arn)") }
    /// The resource exists, or its state does not allow the operation.
    package static func conflict(_ message: String) -> LambdaError {
        LambdaError("ResourceConflictException", message, status: 409)
    }
    /// The resource has been changed since the caller last saw it.
    package static var preconditionFailed: LambdaError {
        LambdaError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
            status: 412)
    }
    /// The function belongs to another account.
    package static func accessDenied(_ message: String) -> LambdaError {
        LambdaError("AccessDeniedException", message, status: 403)
    }
    /// Too many invocations run, or too many environments have been started.
    package static func throttled(_ reason: String) -> LambdaError {
        LambdaError("TooManyRequestsException", "Rate Exceeded.", status: 429, reason: reason)
    }
}
