package import Model

/// A dead trigger as the list of dead letters shows it.
package struct DeadTrigger: Sendable {
    /// A position in the list.
    package struct Place: Hashable, Sendable {
        package var diedAt: Timestamp
        package var id: TriggerID

        /// The position of a trigger that died at this time.
        package init(diedAt: Timestamp, id: TriggerID) {
            self.diedAt = diedAt
            self.id = id
        }
    }

    /// What a message of it needs; without an action if nobody knows that any more.
    package var trigger: QueuedTrigger
    /// When its death was recorded.
    package var diedAt: Timestamp
    package var reason: String?
    /// Where it stands in the list: the page after it begins there.
    package var place: Place { Place(diedAt: diedAt, id: trigger.message.id) }

    /// A dead trigger as it is stored.
    package init(trigger: QueuedTrigger, diedAt: Timestamp, reason: String?) {
        self.trigger = trigger
        self.diedAt = diedAt
        self.reason = reason
    }
}
