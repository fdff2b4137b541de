package struct HeldPage: Sendable {
    package var messages: [(id: MessageID, generation: Int)]
    /// Nil: there are no more.
    package var next: String?

    package init(messages: [(id: MessageID, generation: Int)], next: String?) {
        self.messages = messages
        self.next = next
    }
}
