package import Model

/// The SQS API, as functions' queues are read, and records are sent.
package protocol QueueService: Sendable {
    /// Serves long polls until the task is cancelled.
    func run() async
    /// Makes a call, such as `ReceiveMessage`, with the input and output of the JSON protocol; throws `QueueServiceError`.
    ///
    /// - Parameter region: of the queue.
    func call(_ action: String, _ input: JSON, region: String) async throws -> JSON
}

/// A refusal of the SQS API.
package struct QueueServiceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name of the error, such as `QueueDoesNotExist`.
    package var type: String
    /// For people.
    package var message: String

    /// An error of these parts.
    package init(type: String, message: String) {
        self.type = type
        self.message = message
    }

    /// Its name and message.
    package var description: String { "\(type): \(message)" }
}

/// A queue's place in the SQS API.
struct QueueReference: Sendable {
    let url: String
    let region: String
    let name: String

    /// Reads an ARN; nil: it is none of a queue.
    init?(arn: String) {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "sqs" else { return nil }
        region = parts[3]
        name = parts[5]
        // Any host is accepted.
        url = "http://localhost/\(parts[4])/\(parts[5])"
    }
}
