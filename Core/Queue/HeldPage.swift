/// A page of the messages that a shard holds.
package struct HeldPage: Sendable {
    /// Ids with their redrive numbers, in no order; an id may occur twice.
    package var messages: [(id: MessageID, generation: Int)]
    /// The cursor of the next page; nil: this is the last one.
    package var next: String?

    /// A page and where the next one begins.
    package init(messages: [(id: MessageID, generation: Int)], next: String?) {
        self.messages = messages
        self.next = next
    }
}
