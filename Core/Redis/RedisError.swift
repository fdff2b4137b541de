/// Why Redis could not be reached, or what it refused.
package struct RedisError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    package enum Code: String, Sendable {
        /// No connection, or it broke during the call: whether the call took effect is unknown.
        case disconnected
        /// No reply arrived in time; the connection is closed, and the call may have taken effect.
        case timedOut
        /// The server replied with an error, whose text is the message.
        case refused
        /// The text is not a usable `redis://` URL.
        case badURL
        /// The reply does not have the shape that the command's should have.
        case unexpectedReply
    }

    /// The kind of failure.
    package var code: Code
    /// The server's or hiredis's text, or what is wrong with the URL.
    package var message: String

    /// An error of this kind with its message.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the call may succeed when repeated: the connection failed, or the refusal is temporary.
    package var isRetryable: Bool { code == .disconnected || code == .timedOut || isTemporary }
    /// The server's refusal is temporary: it is loading its data, runs a long script, or is not the master now.
    package var isTemporary: Bool { code == .refused && RedisError.passing.contains { message.hasPrefix($0) } }
    private static let passing = [
        "LOADING", "BUSY", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS", "MISCONF", "TRYAGAIN",
    ]
    /// The connection leads to a server that is a replica now.
    var isOfWrongServer: Bool { code == .refused && message.hasPrefix("READONLY") }
    /// The server has used its memory and refused a write.
    package var isOutOfMemory: Bool { code == .refused && message.hasPrefix("OOM") }
    var isUnknownScript: Bool { code == .refused && message.hasPrefix("NOSCRIPT") }
    /// The kind of failure and its message.
    package var description: String { "Redis: \(code.rawValue): \(message)" }
}
