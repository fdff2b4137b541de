/// Proof of one lease of one message; once the lease has ended it settles nothing.
///
/// A lease ends when it is settled, or when it has expired and the queue makes the message ready again; until then an
/// expired one still settles.
package struct Receipt: Hashable, Sendable {
    /// The shard that holds the message.
    package let shard: Int
    /// `id|epoch`; an epoch is never used twice.
    package let handle: String

    /// A receipt as a driver issues it.
    package init(shard: Int, handle: String) {
        self.shard = shard
        self.handle = handle
    }
}
