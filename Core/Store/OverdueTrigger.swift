package import Model

package struct OverdueTrigger: Sendable {
    package var id: Identifier
    /// Nil: the row is gone.
    package var state: TriggerState?
    package var isCancelRequested: Bool
    package var trigger: QueuedTrigger?

    package init(id: Identifier, state: TriggerState?, isCancelRequested: Bool, trigger: QueuedTrigger?) {
        self.id = id
        self.state = state
        self.isCancelRequested = isCancelRequested
        self.trigger = trigger
    }
}
