/// A queue that can hold messages back as a group and release the group early: a capability beside `MessageQueue`.
///
/// A held message is due after its delay, rounded up to a whole second of the queue's clock so that one lease takes
/// many of them. Its group is what it waits for: a tenant's settings, or a host (decision 0019).
package protocol HoldingQueue: MessageQueue {
    /// Ends leases without counting the receive, as a release does, and records what the messages wait for. Results in
    /// the order of the holds; false: the lease had ended, and nothing happened.
    ///
    /// Each message is held in one atomic step. If the call fails, some may be held already; repeating it gives false
    /// for those.
    func hold(_ holds: [Hold]) async throws(QueueError) -> [Bool]

    /// Makes the messages held for a group ready now, in steps between which other calls are served. Returns how many
    /// it made ready.
    ///
    /// A message that was delayed again since for another reason, such as a retry, keeps its time. If the call fails,
    /// the rest becomes due by itself.
    @discardableResult func wake(_ group: HoldGroup) async throws(QueueError) -> Int
}
