package import Model

/// A committed trigger that the queue should have.
package struct QueuedTrigger: Sendable {
    package var message: TriggerMessage
    /// Attempts recorded so far; the next one follows them.
    package var attempts: Int
    /// False: the action of its revision was deleted, and it cannot be sent.
    package var hasAction: Bool { !message.action.isEmpty }

    /// A message to send, with its recorded attempts.
    package init(message: TriggerMessage, attempts: Int) {
        self.message = message
        self.attempts = attempts
    }
}
