/// A queue's name: lower-case letters, digits and hyphens.
package struct QueueName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Traps on any other character, and on an empty name.
    package init(_ text: String) {
        precondition(
            !text.isEmpty && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
            "a queue's name consists of a-z 0-9 -, this one is \"\(text)\"")
        description = text
    }

    /// Triggers on their way to workers.
    package static let triggers = QueueName("triggers")
    /// What became of triggers, on its way to historians.
    package static let outcomes = QueueName("outcomes")
    /// Hints that executions of flows have something to do, on their way to step-workers.
    package static let steps = QueueName("steps")
}
