package import Model

/// A committed trigger that the queue should have.
package struct QueuedTrigger: Sendable {
    package var message: TriggerMessage
    /// Attempts that are recorded: the base for the next.
    package var attempts: Int
    /// False: the schedule is gone or changed, there is nothing to send, and the trigger is cancelled.
    package var hasAction: Bool { !message.action.isEmpty }

    package init(message: TriggerMessage, attempts: Int) {
        self.message = message
        self.attempts = attempts
    }
}
