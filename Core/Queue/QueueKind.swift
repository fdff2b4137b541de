/// What a queue does with a send of an id that it has.
package enum QueueKind: String, Sendable {
    /// Each message is work of its own: sending a known id changes nothing (protocols.md, 4).
    case work
    /// Messages are hints that their ids need attention (protocols.md, 16a). A send of an id that waits makes it due at
    /// the earlier of both times; of one that is leased makes it ready again when the lease ends. An id that is
    /// acknowledged is forgotten at once, and a dead letter is replaced. The body is that of the last send. There are
    /// no outcomes.
    case coalescing
}
