/// Why a work, or the gateway itself, could not do what it was asked.
package struct GatewayError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Who has to act; it is the `error.class` of a failed report, by which the caller decides whether to try again.
    package enum Code: String, Sendable {
        /// The input is at fault: trying again with the same input fails again.
        case user
        /// The gateway or its machine is at fault: trying again may help.
        case platform
    }

    /// Who has to act.
    package let code: Code
    /// What was wrong, where, and what to do.
    package let message: String
    /// The message.
    package var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func user(_ message: String) -> GatewayError { GatewayError(.user, message) }
    static func platform(_ message: String) -> GatewayError { GatewayError(.platform, message) }
}
