/// Why a queue could not be asked.
package struct QueueError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The server could not be reached, or the connection broke: the call may have taken effect.
        case unavailable
        /// The server is out of memory and refused to add messages.
        case full
        /// The server refused the call: a fault of Headgate or of the server's configuration.
        case refused
    }

    package var code: Code
    package var queue: QueueName
    package var message: String

    package init(_ code: Code, queue: QueueName, _ message: String) {
        self.code = code
        self.queue = queue
        self.message = message
    }

    package var isRetryable: Bool { code != .refused }
    package var description: String { "queue \(queue): \(code.rawValue): \(message)" }
}
