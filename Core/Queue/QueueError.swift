/// Why a call of a queue failed.
package struct QueueError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    package enum Code: String, Sendable {
        /// The server could not be reached, or the connection broke; the call may have taken effect.
        case unavailable
        /// The server is out of memory and refused to add messages.
        case full
        /// The server rejected the call, or its reply was not understood: a bug in Headgate or a misconfigured server.
        case refused
    }

    package var code: Code
    package var queue: QueueName
    /// The driver's text.
    package var message: String

    /// An error of this kind with its message.
    package init(_ code: Code, queue: QueueName, _ message: String) {
        self.code = code
        self.queue = queue
        self.message = message
    }

    /// Whether the same call may succeed when repeated.
    package var isRetryable: Bool { code != .refused }
    /// Queue, kind of failure, and message.
    package var description: String { "queue \(queue): \(code.rawValue): \(message)" }
}
