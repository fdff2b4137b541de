package import Model

/// A dead trigger, as a list of dead letters shows it.
package struct DeadTrigger: Sendable {
    /// Where it stands in the list.
    package struct Place: Hashable, Sendable {
        package var diedAt: Timestamp
        package var id: Identifier

        package init(diedAt: Timestamp, id: Identifier) {
            self.diedAt = diedAt
            self.id = id
        }
    }

    package var trigger: QueuedTrigger
    package var diedAt: Timestamp
    package var reason: String?
    package var place: Place { Place(diedAt: diedAt, id: trigger.message.id) }

    package init(trigger: QueuedTrigger, diedAt: Timestamp, reason: String?) {
        self.trigger = trigger
        self.diedAt = diedAt
        self.reason = reason
    }
}
