package import Model

/// What the reducer must know of the binding that performs a step.
package struct BindingTerms: Hashable, Sendable {
    /// The binding's id, for good: a changed binding gets another.
    package var id: Int
    /// Whether there is a call that ends an attempt on the remote system.
    package var hasCancel: Bool
    /// Of one attempt, from the commit that begins it, unless the step has its own.
    package var timeout: Duration
    /// Without a sign of life; nil: no limit.
    package var startTimeout: Duration?
    /// Between two reports; nil: no limit.
    package var heartbeatTimeout: Duration?
    /// How `platform` failures are tried again, unless the step has its own policy.
    package var platform: RetryPolicy
    /// How timeouts are tried again, likewise.
    package var timeouts: RetryPolicy

    /// A binding without a cancel call, whose attempts may take a day, unless given otherwise.
    package init(
        id: Int, hasCancel: Bool = false, timeout: Duration = .seconds(86_400), startTimeout: Duration? = nil,
        heartbeatTimeout: Duration? = nil, platform: RetryPolicy = RetryPolicy(maxAttempts: 5),
        timeouts: RetryPolicy = RetryPolicy(maxAttempts: 2)
    ) {
        self.id = id
        self.hasCancel = hasCancel
        self.timeout = timeout
        self.startTimeout = startTimeout
        self.heartbeatTimeout = heartbeatTimeout
        self.platform = platform
        self.timeouts = timeouts
    }
}
