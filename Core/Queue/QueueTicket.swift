package import Model

/// The queue's clock at the time of a commit.
package struct QueueTicket: Hashable, Sendable {
    package var time: Timestamp
    package init(time: Timestamp) { self.time = time }
}
