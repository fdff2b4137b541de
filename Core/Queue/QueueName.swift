/// A queue's name: lower-case letters, digits and hyphens.
package struct QueueName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: String) {
        precondition(
            !text.isEmpty && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
            "a queue's name consists of a-z 0-9 -, this one is \"\(text)\"")
        description = text
    }

    package static let triggers = QueueName("triggers")
    package static let outcomes = QueueName("outcomes")
}
