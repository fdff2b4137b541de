package import Model

/// A schedule as a user registers it.
package struct ScheduleSpec: Hashable, Sendable {
    package var action: Action
    package var timing: Timing
    package var retry: RetryPolicy
    /// Consecutive failures after which the schedule is paused; nil: never.
    package var pauseAfter: Int?
    /// The call to make when a trigger fails; nil: the tenant's, if it has one.
    package var onFailure: HTTPAction?
    /// Nil if the document does not say: then an existing pause stays.
    package var paused: Bool?

    /// A schedule with default retries that never pauses, unless given.
    package init(
        action: Action, timing: Timing, retry: RetryPolicy = RetryPolicy(), pauseAfter: Int? = nil,
        onFailure: HTTPAction? = nil, paused: Bool? = nil
    ) {
        self.onFailure = onFailure
        self.pauseAfter = pauseAfter
        self.action = action
        self.timing = timing
        self.retry = retry
        self.paused = paused
    }

    /// What is stored of it besides the timing.
    package var record: ActionRecord {
        ActionRecord(action: action, retry: retry, pauseAfter: pauseAfter, onFailure: onFailure)
    }
}
