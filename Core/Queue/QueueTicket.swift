package import Model

/// The queue's clock just before a commit: what a send counts delays from, and by which a send that comes too late is
/// refused.
package struct QueueTicket: Hashable, Sendable {
    /// By the queue's clock.
    package var time: Timestamp
    /// A ticket of that time.
    package init(time: Timestamp) { self.time = time }
}
