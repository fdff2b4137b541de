/// A refusal as Lambda words it.
package struct LambdaError: Error, Hashable, Sendable {
    /// Such as `InvalidParameterValueException`.
    package var type: String
    /// For people.
    package var message: String
    /// The HTTP status.
    package var status: Int

    /// A refusal with status 400, unless given.
    package init(_ type: String, _ message: String, status: Int = 400) {
        self.type = type
        self.message = message
        self.status = status
    }

    /// A parameter has a value that is not allowed.
    package static func invalid(_ message: String) -> LambdaError {
        LambdaError("InvalidParameterValueException", message)
    }
}
