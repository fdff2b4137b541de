package import Model

/// A trigger that the queue removed, or does not know.
package struct CancelledTrigger: Hashable, Sendable {
    package var id: TriggerID
    /// A worker has had it: the target may have seen it, so that it is not planned again (protocols.md, 8a).
    package var mayBeCalled: Bool

    /// A trigger that the queue does not hold.
    package init(_ id: TriggerID, mayBeCalled: Bool) {
        self.id = id
        self.mayBeCalled = mayBeCalled
    }
}
