/// Why Redis could not be asked, or what it refused.
package struct RedisError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No connection, or it broke during the call: whether the call took effect is unknown.
        case disconnected
        /// The call was not answered in time; the connection is closed, the call may have taken effect.
        case timedOut
        /// The server answered with an error, whose text is the message.
        case refused
        /// The URL is not one.
        case badURL
        /// The answer has another shape than the command's.
        case unexpectedReply
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var isRetryable: Bool { code == .disconnected || code == .timedOut || isLoading }
    /// The server is reading its data after a start.
    package var isLoading: Bool { code == .refused && message.hasPrefix("LOADING") }
    package var isOutOfMemory: Bool { code == .refused && message.hasPrefix("OOM") }
    var isUnknownScript: Bool { code == .refused && message.hasPrefix("NOSCRIPT") }
    package var description: String { "Redis: \(code.rawValue): \(message)" }
}
