package import Flows

/// Which steps and branches of a flow cases went through.
package struct FlowCoverage: Hashable, Sendable {
    /// Steps by number that were begun.
    private var begun: Set<Int> = []
    private var skipped: Set<Int> = []
    private var failed: Set<Int> = []

    /// Nothing.
    package init() {}

    /// Takes in what another case went through.
    package mutating func add(_ other: FlowCoverage) {
        begun.formUnion(other.begun)
        skipped.formUnion(other.skipped)
        failed.formUnion(other.failed)
    }

    mutating func add(_ event: HistoryEvent) {
        guard let call = event.call else { return }
        switch event.kind {
        case .stepBegan, .stepWaits, .stepSucceeded: begun.insert(call.step)
        case .stepSkipped: skipped.insert(call.step)
        case .stepFailed: failed.insert(call.step)
        default: break
        }
    }

    /// A wait that is over at once leaves no event.
    mutating func add(_ state: FlowState) {
        for (number, step) in state.steps.enumerated() where step.phase == .succeeded { begun.insert(number) }
    }

    /// What no case went through, in the order of the definition: steps, both sides of a `when`, and failures that the
    /// flow goes on after.
    package func gaps(_ plan: FlowPlan) -> [String] {
        var gaps: [String] = []
        for (number, step) in plan.steps.enumerated() {
            if let when = step.definition.when {
                if !begun.contains(number) { gaps.append("step \(step.name): when is true: \(when)") }
                if !skipped.contains(number) { gaps.append("step \(step.name): when is false: \(when)") }
            } else if !begun.contains(number) {
                gaps.append("step \(step.name)")
            }
            if step.definition.onError == .continue, !failed.contains(number) {
                gaps.append("step \(step.name): fails, and the flow goes on (onError: continue)")
            }
        }
        return gaps
    }
}
