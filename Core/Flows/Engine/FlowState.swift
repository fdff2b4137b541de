package import Model

/// Where an execution stands: everything that decides how it goes on, without its definition, bindings and inputs.
///
/// A state changes only by `apply`. Equal states have equal bytes.
package struct FlowState: Hashable, Sendable {
    /// Whether the execution goes on.
    package enum Status: Hashable, Sendable {
        case running
        /// It will end so once its remote work is cancelled, or that took too long.
        case ending(FlowOutcome)
        case ended(FlowOutcome)
    }

    package internal(set) var status = Status.running
    /// Nothing new is called.
    package internal(set) var isPaused = false
    /// When it began, or was last retried.
    package internal(set) var startedAt: Timestamp
    /// When the flow's timeout is reached; nil: it has none.
    package internal(set) var deadline: Timestamp?
    /// The step that failed the flow; nil: none, or the flow failed as a whole.
    package internal(set) var failedStep: Int?
    /// Why the flow failed.
    package internal(set) var failure: StepFailure?
    /// In the order of the definition.
    package internal(set) var steps: [StepState]

    /// A state before `started`.
    package init(of plan: FlowPlan, at now: Timestamp) {
        startedAt = now
        steps = Array(repeating: StepState(), count: plan.steps.count)
    }

    /// In bytes as encoded: 256 KiB. Outputs may fill it but for `reserved`, so that failing and cancelling always fit.
    package static let longest = 262_144, reserved = 16_384

    /// Whether nothing can happen any more but a retry.
    package var isEnded: Bool { if case .ended = status { true } else { false } }

    /// How it ended; nil: it has not.
    package var outcome: FlowOutcome? { if case .ended(let outcome) = status { outcome } else { nil } }

    /// Whether calls wait to be claimed.
    package var hasCallsToMake: Bool {
        !isPaused && status == .running && steps.contains { if case .ready = $0.phase { true } else { false } }
    }

    /// The calls that workers are making.
    package var claims: [(call: StepCall, worker: Identifier)] {
        steps.enumerated().compactMap { number, step in
            guard case .claimed(let worker) = step.phase else { return nil }
            return (StepCall(step: number, attempt: step.attempt), worker)
        }
    }

    /// How long the claim of a worker stands before somebody looks whether that worker lives.
    package static let claimCheck = Duration.seconds(15)

    /// When the execution must be looked at although nothing arrives; nil: never. While it is paused deadlines stand
    /// still.
    package func nextWake(after now: Timestamp) -> Timestamp? {
        if isEnded { return nil }
        var earliest: Timestamp? = isPaused ? nil : deadline
        func consider(_ time: Timestamp) { earliest = min(earliest ?? time, time) }
        for step in steps {
            switch step.phase {
            case .claimed: consider(now + FlowState.claimCheck)
            // Left by a worker that was stopping: whoever finds it first takes it.
            case .ready where !isPaused && status == .running: consider(now)
            case .cancelling(let until): consider(until)
            default: break
            }
            if !isPaused, let due = step.nextDeadline { consider(due) }
        }
        return earliest
    }
}
