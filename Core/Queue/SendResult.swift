package enum SendResult: Hashable, Sendable {
    case accepted
    /// The queue had the id already; nothing changed.
    case known
    /// The ticket was too old; nothing changed.
    case stale
}
