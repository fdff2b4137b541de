package import Model

/// A trigger that the API creates: one fired by a user, or a one-off with a hidden schedule of its own.
package struct TriggerWrite: Sendable {
    package var message: TriggerMessage
    /// The internal id of its schedule, hidden or not.
    package var schedule: ScheduleID
    package var shard: Int
    package var revision: Int
    /// For a one-off: the hidden schedule that keeps its action. It is armed if the trigger lies too far ahead to be
    /// stored.
    package var hidden: ScheduleWrite?
    /// Whether a trigger row is written now.
    package var isStored: Bool
    /// `queued` to be sent right after, or `planned`.
    package var state: TriggerState

    /// A trigger to write.
    package init(
        message: TriggerMessage, schedule: ScheduleID, shard: Int, revision: Int, hidden: ScheduleWrite?,
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
