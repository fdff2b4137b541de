import Model

/// What is to be done after a transition is committed, or recorded with it.
package enum FlowDirective: Hashable, Sendable {
    /// Make the call of an attempt. Issued once an attempt, and again only after `claimLost`.
    case invoke(StepCall)
    /// Tell the remote system that an attempt is no longer wanted.
    case cancel(StepCall)
    /// Keep the outputs of a step in full.
    case keep(StepCall, StepOutputs)
    /// Add to the history.
    case record(HistoryEvent)
    /// The execution has ended.
    case finish(FlowOutcome)
}

/// How an execution ended.
package enum FlowOutcome: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    case succeeded = 1
    case failed = 2
    case cancelled = 3

    /// `succeeded`, `failed` or `cancelled`.
    package var description: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }
}

/// One line of an execution's history.
package struct HistoryEvent: Hashable, Sendable {
    /// What happened.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case started = 1
        case stepBegan = 2
        case stepAccepted = 3
        case stepProgress = 4
        case stepSucceeded = 5
        case stepFailed = 6
        case stepSkipped = 7
        case stepRetries = 8
        case stepCancelled = 9
        case stepWaits = 10
        case ignored = 11
        case cancelRequested = 12
        case paused = 13
        case resumed = 14
        case retried = 15
        case succeeded = 16
        case failed = 17
        case cancelled = 18
        case claimLost = 19
        case cancelUnconfirmed = 20
        /// The failure was reported to another flow, which starts if it still exists.
        case failureReported = 21
        /// It could not be written, or not be read; the detail says why.
        case quarantined = 22
        /// It waits for another run of its schedule.
        case waitsForRun = 23
    }

    package var kind: Kind
    /// The attempt that it is about; nil: the execution as a whole. Attempt 0: the step had none.
    package var call: StepCall?
    /// A failure's kind and message, or until when a wait lasts; nil: nothing to add.
    package var detail: String?

    /// An event of the execution as a whole without a detail, unless given.
    package init(_ kind: Kind, _ call: StepCall? = nil, _ detail: String? = nil) {
        self.kind = kind
        self.call = call
        self.detail = detail
    }
}
