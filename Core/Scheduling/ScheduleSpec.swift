package import Model

/// A schedule as a user registers it.
package struct ScheduleSpec: Hashable, Sendable {
    package var action: Action
    package var timing: Timing
    package var retry: RetryPolicy
    /// Nil where the document does not say: then a pause stays as it is.
    package var paused: Bool?

    package init(action: Action, timing: Timing, retry: RetryPolicy = RetryPolicy(), paused: Bool? = nil) {
        self.action = action
        self.timing = timing
        self.retry = retry
        self.paused = paused
    }
}
