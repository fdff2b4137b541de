/// A queue that can hold messages back together and let them come early together: a capability beside `MessageQueue`.
///
/// What is held is due after its delay, at the next whole second of the queue's clock, so that many come with one lease. A group is what it waits for: a tenant's settings, a host.
package protocol HoldingQueue: MessageQueue {
    /// Ends leases as a release does, uncharged, and keeps in mind what the messages wait for. False: the lease had ended.
    func hold(_ holds: [Hold]) async throws(QueueError) -> [Bool]

    /// Makes what is held for a group, and for nothing else since, due now; in steps, between which others are served.
    ///
    /// What was delayed otherwise (sent for later, repeated after a failure) keeps its time. Returns how many came.
    @discardableResult func wake(_ group: HoldGroup) async throws(QueueError) -> Int
}
