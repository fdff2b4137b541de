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

    package var isRetryable: Bool { code == .disconnected || code == .timedOut || isPassing }
    /// The server refuses for a reason that passes: it reads its data, runs a long script, or is not the master now.
    package var isPassing: Bool { code == .refused && RedisError.passing.contains { message.hasPrefix($0) } }
    private static let passing = [
        "LOADING", "BUSY", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS", "MISCONF", "TRYAGAIN",
    ]
    /// The connection leads to a server that is no longer the master.
    var isOfWrongServer: Bool { code == .refused && message.hasPrefix("READONLY") }
    package var isOutOfMemory: Bool { code == .refused && message.hasPrefix("OOM") }
    var isUnknownScript: Bool { code == .refused && message.hasPrefix("NOSCRIPT") }
    package var description: String { "Redis: \(code.rawValue): \(message)" }
}
