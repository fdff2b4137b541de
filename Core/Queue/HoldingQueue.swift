/// A `MessageQueue` that can also hold messages back as a group and release the whole group early. Not every queue can.
///
/// A held message is due after its delay, rounded up to a whole second of the queue's clock, so that many become due
/// together and one receive can lease them. A message's group names what it waits for: a tenant's settings, or a host
/// (decision 0019).
package protocol HoldingQueue: MessageQueue {
    /// Ends each lease and delays its message until its group is woken or the hold's delay has passed. Like a release,
    /// this does not count the receive. Returns one result for each hold, in their order; false: the lease had ended
    /// already, and nothing was changed.
    ///
    /// Each message is held in one atomic step. If the call fails, some may be held already; repeating it gives false
    /// for those.
    func hold(_ holds: [Hold]) async throws(QueueError) -> [Bool]

    /// Makes the messages held for a group ready now, in several steps so that other calls can be served in between.
    /// Returns how many became ready.
    ///
    /// A message that has since been delayed for another reason, such as a retry, keeps its new due time. If the call
    /// fails, the remaining messages become due when their delays end.
    @discardableResult func wake(_ group: HoldGroup) async throws(QueueError) -> Int
}
