package import Model

/// Where one step of an execution stands.
package struct StepState: Hashable, Sendable {
    /// What the step does now.
    package enum Phase: Hashable, Sendable {
        /// For other steps.
        case waiting
        /// For a worker that makes the call of the next attempt; `repeats`: of the latest one once more.
        case ready(repeats: Bool)
        /// A worker makes the call.
        case claimed(by: Identifier)
        /// The remote system works, and will report.
        case accepted
        /// Until the next attempt.
        case backoff(until: Timestamp)
        /// A `wait`.
        case sleeping(until: Timestamp)
        /// The remote system is asked to end the latest attempt; until then at the latest.
        case cancelling(until: Timestamp)
        case succeeded, skipped, failed, cancelled
        /// The flow ended before its turn.
        case notRun
    }

    package var phase = Phase.waiting
    /// The number of the latest attempt; 0: there was none.
    package var attempt = 0
    /// Failures since the step became ready, by kind: what the budgets of retries are counted in.
    var platformFailures = 0
    var timeoutFailures = 0
    /// The id of the latest attempt's binding.
    package var binding = 0
    /// When the latest attempt has taken too long.
    package var attemptDeadline: Timestamp?
    /// When a sign of life is missing.
    package var signDeadline: Timestamp?
    /// When all attempts together have taken too long.
    package var totalDeadline: Timestamp?
    /// When the state last took a report.
    var reportedAt: Timestamp?
    /// When progress last went into the history.
    var recordedAt: Timestamp?
    /// The latest progress; empty: none.
    var progress: ArraySlice<UInt8> = []
    /// Of a step that succeeded, the outputs that are read later, encoded as one map; empty: none.
    var outputs: ArraySlice<UInt8> = []
    /// Why the latest attempt failed; nil: it did not.
    package var failure: StepFailure?

    /// Whether the steps that wait for it may go on, or the flow ends with it.
    package var isFinal: Bool {
        switch phase {
        case .succeeded, .skipped, .failed, .cancelled, .notRun: true
        case .waiting, .ready, .claimed, .accepted, .backoff, .sleeping, .cancelling: false
        }
    }

    /// Whether a call is being made, or the remote system works.
    package var isInvoked: Bool {
        switch phase {
        case .claimed, .accepted: true
        default: false
        }
    }

    /// The name of the phase for people: `waiting`, `running`, `succeeded`, ….
    package var name: String {
        switch phase {
        case .waiting: "waiting"
        case .ready: "ready"
        case .claimed, .accepted: "running"
        case .backoff: "backoff"
        case .sleeping: "sleeping"
        case .cancelling: "cancelling"
        case .succeeded: "succeeded"
        case .skipped: "skipped"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .notRun: "notRun"
        }
    }

    /// The earliest time at which something is due without any event; nil: never.
    var nextDeadline: Timestamp? {
        var earliest: Timestamp?
        func consider(_ time: Timestamp?) {
            guard let time else { return }
            earliest = min(earliest ?? time, time)
        }
        switch phase {
        case .backoff(let until), .sleeping(let until), .cancelling(let until): consider(until)
        case .claimed, .accepted:
            consider(attemptDeadline)
            consider(signDeadline)
        case .waiting, .ready: break
        case .succeeded, .skipped, .failed, .cancelled, .notRun: return nil
        }
        if case .cancelling = phase { return earliest }
        consider(totalDeadline)
        return earliest
    }

    /// The latest progress that the remote system reported; nil: none.
    package var latestProgress: ExpressionValue? {
        if progress.isEmpty { return nil }
        var reader = ByteReader(progress)
        return try? ExpressionValue(from: &reader)
    }
}
