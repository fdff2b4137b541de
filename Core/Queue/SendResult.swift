/// What became of one message that was sent.
package enum SendResult: Hashable, Sendable {
    /// The queue has it now.
    case accepted
    /// The queue knew the id already; nothing changed.
    case known
    /// A coalescing queue had the id: it is received again no later than this send asks for.
    case coalesced
    /// The ticket was too old; nothing changed.
    case stale
}
