package enum SendMode: Sendable {
    /// An id that is known is left as it is.
    case add
    /// As `add`, but a dead letter or an id that is known only because it was settled is replaced.
    case redrive
}
