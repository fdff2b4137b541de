package import Model

/// A trigger that the API makes: by `fire`, or a one-off with its own schedule row.
package struct TriggerWrite: Sendable {
    package var message: TriggerMessage
    package var schedule: Identifier
    package var shard: Int
    package var revision: Int
    /// For a one-off: the hidden schedule that keeps its action. Armed at its time when the trigger itself lies too far
    /// ahead to be stored.
    package var hidden: ScheduleWrite?
    /// Whether a trigger row is written now.
    package var isStored: Bool
    package var state: TriggerState

    package init(
        message: TriggerMessage, schedule: Identifier, shard: Int, revision: Int, hidden: ScheduleWrite?,
        isStored: Bool,
        state: TriggerState
    ) {
        self.message = message
        self.schedule = schedule
        self.shard = shard
        self.revision = revision
        self.hidden = hidden
        self.isStored = isStored
        self.state = state
    }
}
