package import Model

/// What happens to an execution.
package enum FlowEvent: Sendable {
    /// It begins. Always the first.
    case started
    /// A worker takes up to `limit` of the calls that are to be made.
    case claimed(by: Identifier, limit: Int)
    /// The worker that held a call is dead: another may make it again, as the same attempt (protocols.md, 18).
    case claimLost(StepCall)
    /// The answer of a call.
    case answered(StepCall, StepAnswer)
    /// A callback.
    case reported(StepCall, StepReport)
    /// A cancel call has ended.
    case cancelAnswered(StepCall, isConfirmed: Bool)
    /// Deadlines and waits up to now are over.
    case timeReached
    case cancelRequested
    case pauseRequested
    case resumed
    /// A failed or cancelled execution runs again: from a step on, or what did not succeed.
    case retried(from: Int?)
}

/// What the answer of a call means.
package enum StepAnswer: Hashable, Sendable {
    /// The work is done.
    case succeeded(StepOutputs)
    /// The remote system has begun, and reports by callback.
    case accepted
    case failed(StepFailure)
}

/// What a callback says.
package enum StepReport: Hashable, Sendable {
    case running
    /// With metrics, as an encoded value of at most 1 KiB.
    case progress(ExpressionValue)
    case succeeded(StepOutputs)
    case failed(StepFailure)
}
