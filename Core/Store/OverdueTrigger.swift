package import Model

/// A trigger on the overdue list, whose check is due.
package struct OverdueTrigger: Sendable {
    package var id: TriggerID
    /// Nil: the row is gone.
    package var state: TriggerState?
    package var isCancelRequested: Bool
    /// What a message of it needs; nil: the row is gone.
    package var trigger: QueuedTrigger?

    /// An entry of the list with what its row says.
    package init(id: TriggerID, state: TriggerState?, isCancelRequested: Bool, trigger: QueuedTrigger?) {
        self.id = id
        self.state = state
        self.isCancelRequested = isCancelRequested
        self.trigger = trigger
    }
}
