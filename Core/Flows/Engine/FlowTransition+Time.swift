import Model

/// Deadlines and waits.
extension FlowTransition {
    /// Applies every deadline up to now, in the order of the deadlines; of equal ones, the flow's last.
    mutating func reachTime() {
        while !state.isEnded, let due = nextDue, due.time <= now {
            guard let number = due.step else {
                state.deadline = nil
                let timeout = plan.definition.timeout.map { $0.text } ?? "its limit"
                failFlow(nil, StepFailure(.timeout, "the flow took longer than \(timeout)"))
                continue
            }
            reachDeadline(of: number, due.time)
        }
    }

    private var nextDue: (time: Timestamp, step: Int?)? {
        var earliest: (time: Timestamp, step: Int?)?
        for (number, step) in state.steps.enumerated() {
            guard let time = step.nextDeadline, time < earliest?.time ?? .distantFuture else { continue }
            earliest = (time, number)
        }
        if state.status == .running, let deadline = state.deadline, deadline < earliest?.time ?? .distantFuture {
            earliest = (deadline, nil)
        }
        return earliest
    }

    private mutating func reachDeadline(of number: Int, _ time: Timestamp) {
        let step = state.steps[number]
        if case .cancelling = step.phase { return endCancelling(number, false) }
        if let total = step.totalDeadline, total <= time {
            cancelIfInvoked(number)
            let limit = plan.steps[number].definition.timeouts.total.map { $0.text } ?? "its limit"
            return fail(number, StepFailure(.timeout, "all attempts together took longer than totalTimeout, \(limit)"))
        }
        switch step.phase {
        case .sleeping:
            settle(number, .succeeded)
            record(.stepSucceeded, number)
            advance(plan.steps[number].dependents)
        case .backoff: state.steps[number].phase = .ready(repeats: false)
        case .claimed, .accepted:
            cancelIfInvoked(number)
            let isSign = step.signDeadline.map { $0 <= time } ?? false
            let what =
                isSign
                ? step.reportedAt == nil ? "no sign of life before startTimeout" : "no report before heartbeatTimeout"
                : "it took longer than timeout"
            attemptFailed(number, StepFailure(.timeout, "attempt \(step.attempt): \(what)"))
        default: preconditionFailure("a step without deadlines is due: \(step.phase)")
        }
    }

    /// A timed-out attempt must not go on beside the next.
    private mutating func cancelIfInvoked(_ number: Int) {
        let step = state.steps[number]
        guard step.isInvoked, context.bindingOfAttempt(step.binding)?.hasCancel == true else { return }
        directives.append(.cancel(StepCall(step: number, attempt: step.attempt)))
    }
}
