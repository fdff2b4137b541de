package import Flows
import Model

/// What a case came to beside what it expected.
struct CaseComparison {
    let plan: FlowPlan
    let expected: CaseExpectation
    let found: FlowCaseResult
    let state: FlowState
    private(set) var mismatches: [String] = []

    init(_ expected: CaseExpectation, _ found: FlowCaseResult, _ state: FlowState, _ plan: FlowPlan) {
        self.plan = plan
        self.expected = expected
        self.found = found
        self.state = state
        compareEnd()
        for step in expected.steps { compare(step) }
        for output in expected.outputs { compare(output, found.outputs, "outputs") }
        if let calls = expected.calls { compare(calls, found.calls, "calls") }
        if let cancels = expected.cancels { compare(cancels, found.cancels, "cancels") }
    }

    private mutating func miss(_ path: String, _ expected: some CustomStringConvertible, _ found: String) {
        mismatches.append("\(path): expected \(expected), found \(found)")
    }

    // MARK: The execution

    private mutating func compareEnd() {
        let name = state.outcome.map { "\($0)" } ?? (state.isPaused ? "paused" : "running")
        if name != expected.state.rawValue {
            let reason = state.failure.map { " (\(failedStep): \($0.kind): \($0.message))" } ?? ""
            miss("state", expected.state.rawValue, name + reason)
        }
        switch expected.failedStep {
        case .step(let number):
            if state.failedStep != number { miss("failedStep", plan.steps[number].name, failedStep) }
        case .some(.none): if state.failedStep != nil { miss("failedStep", "none", failedStep) }
        case nil: break
        }
        compare(expected.failure, state.failure, "failure")
        if let duration = expected.duration {
            guard let found = found.duration else { return miss("duration", duration, "no end") }
            if !duration.accepts(found) { miss("duration", duration, found.text) }
        }
    }

    private var failedStep: String { state.failedStep.map { plan.steps[$0].name } ?? "none" }

    private mutating func compare(_ expected: CaseExpectation.Failure, _ found: StepFailure?, _ path: String) {
        if let kind = expected.kind, kind != found?.kind {
            miss("\(path).class", kind, found.map { "\($0.kind): \($0.message)" } ?? "no failure")
        }
        if let message = expected.message, found?.message.contains(message) != true {
            miss("\(path).message", "\"\(message)\" in it", found.map { "\"\($0.message)\"" } ?? "no failure")
        }
    }

    // MARK: Steps and values

    private mutating func compare(_ expected: CaseExpectation.Step) {
        let step = state.steps[expected.number]
        let path = "steps.\(plan.steps[expected.number].name)"
        if let name = expected.state, name != step.name {
            miss("\(path).state", name, step.name + (step.failure.map { " (\($0.kind): \($0.message))" } ?? ""))
        }
        if let attempts = expected.attempts, attempts != step.attempt {
            miss("\(path).attempts", attempts, "\(step.attempt)")
        }
        compare(expected.failure, step.failure, path)
    }

    /// Null stands for an absent value, too.
    private mutating func compare(_ expected: JSON.Member, _ fields: [StepOutputs.Field], _ path: String) {
        let found = fields.first { $0.name == expected.name }?.value
        let value = ExpressionValue(expected.value)
        if !value.equals(found ?? .null) {
            miss("\(path).\(expected.name)", "\(expected.value)", found.map { "\($0.json)" } ?? "nothing")
        }
    }

    // MARK: Calls

    private mutating func compare(_ expected: [CaseExpectation.Call], _ found: [FlowCaseResult.Call], _ path: String) {
        if expected.count != found.count {
            let list = found.map { "\(describe($0.call)) at \($0.at.text)" }.joined(separator: ", ")
            miss(path, "\(expected.count)", "\(found.count)\(list.isEmpty ? "" : ": \(list)")")
        }
        for (index, (expected, found)) in zip(expected, found).enumerated() {
            let path = "\(path).\(index)"
            if expected.step != found.call.step {
                miss("\(path).step", plan.steps[expected.step].name, plan.steps[found.call.step].name)
                continue
            }
            if let attempt = expected.attempt, attempt != found.call.attempt {
                miss("\(path).attempt", attempt, "\(found.call.attempt)")
            }
            if let at = expected.at, !at.accepts(found.at) { miss("\(path).at", at, found.at.text) }
            for input in expected.inputs { compare(input, found.inputs, "\(path).inputs") }
        }
    }

    private func describe(_ call: StepCall) -> String { "\(plan.steps[call.step].name)/\(call.attempt)" }
}

extension FlowCase {
    /// How a result differs from what the case expects, each in one line; empty: it does not.
    package func mismatches(_ result: FlowCaseResult, _ plan: FlowPlan) -> [String] {
        if let problem = result.problem { return [problem] }
        guard let state = result.state else { return ["it was not run"] }
        return CaseComparison(expectation, result, state, plan).mismatches
    }
}
