package import Model

/// A schedule as a user registers it.
package struct ScheduleSpec: Hashable, Sendable {
    package var action: Action
    package var timing: Timing
    package var retry: RetryPolicy
    /// The schedule is paused after so many failures in a row; nil: never.
    package var pauseAfter: Int?
    /// The call to make when a trigger fails; nil: the tenant's, if it has one.
    package var onFailure: HTTPAction?
    /// Nil where the document does not say: then a pause stays as it is.
    package var paused: Bool?

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

    /// What is stored of it beside the timing.
    package var record: ActionRecord {
        ActionRecord(action: action, retry: retry, pauseAfter: pauseAfter, onFailure: onFailure)
    }
}
