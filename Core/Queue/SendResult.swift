/// What became of one message that was sent.
package enum SendResult: Hashable, Sendable {
    /// The queue has it now.
    case accepted
    /// The queue knew the id already; nothing changed.
    case known
    /// The ticket was too old; nothing changed.
    case stale
}
