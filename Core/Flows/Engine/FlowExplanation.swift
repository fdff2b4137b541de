package import Model

/// Why a step has not ended yet, and what would help.
package struct FlowExplanation: Hashable, Sendable {
    /// The step's name.
    package var step: String
    /// One sentence.
    package var why: String
    /// The command that would help; nil: there is none.
    package var command: String?
}

extension FlowState {
    /// For every step that is not final, why.
    package func explanations(_ plan: FlowPlan, id: ExecutionID, now: Timestamp) -> [FlowExplanation] {
        steps.enumerated().compactMap { number, step in
            guard !step.isFinal else { return nil }
            let (why, command) = explanation(number, plan, id: id, now: now)
            return FlowExplanation(step: plan.steps[number].name, why: why, command: command)
        }
    }

    private func explanation(
        _ number: Int, _ plan: FlowPlan, id: ExecutionID, now: Timestamp
    ) -> (String, String?) {
        let step = steps[number]
        let resume = "headgate execution resume \(id)"
        func left(_ until: Timestamp) -> String { FlowState.text(until, now) }
        switch step.phase {
        case .waiting:
            let open = plan.steps[number].dependencies.filter { !steps[$0].isFinal }.map { plan.steps[$0].name }
            return ("waits for \(open.joined(separator: ", "))", nil)
        case .ready:
            return isPaused
                ? ("its call waits: the execution is paused", resume)
                : ("its call is to be made as soon as a step-worker is free", nil)
        case .claimed:
            return ("attempt \(step.attempt): its call is being made\(deadlines(step, now))", nil)
        case .accepted:
            let sign = step.progress.isEmpty ? "" : ", last progress: \(step.latestProgress?.json.description ?? "")"
            return (
                "attempt \(step.attempt): the remote system works, and has not reported its result"
                    + "\(deadlines(step, now))\(sign)", "headgate execution cancel \(id)"
            )
        case .backoff(let until):
            let last = step.failure.map { ", last: \($0.kind): \($0.message)" } ?? ""
            let paused = isPaused ? "; the execution is paused" : ""
            return ("attempt \(step.attempt + 1) in \(left(until))\(last)\(paused)", isPaused ? resume : nil)
        case .sleeping(let until):
            return ("waits until \(until), \(left(until)) from now", isPaused ? resume : nil)
        case .cancelling(let until):
            return ("the remote system is asked to cancel attempt \(step.attempt), for \(left(until)) more", nil)
        case .succeeded, .skipped, .failed, .cancelled, .notRun: return ("has ended", nil)
        }
    }

    private func deadlines(_ step: StepState, _ now: Timestamp) -> String {
        guard let deadline = step.attemptDeadline else { return "" }
        return deadline > now ? "; it times out in \(FlowState.text(deadline, now))" : "; it is about to time out"
    }

    /// How long until then, in whole seconds.
    private static func text(_ until: Timestamp, _ now: Timestamp) -> String {
        guard until > now else { return "a moment" }
        let left = until - now
        if left < .seconds(1) { return "less than a second" }
        return Duration.seconds(left.microseconds / 1_000_000).text
    }
}
