import Flows
import Model

extension CaseReader {
    /// What a case expects; a succeeded execution if it does not say.
    func expectation(_ fields: inout JSONFields) -> CaseExpectation {
        var expectation = CaseExpectation(
            state: .succeeded, failure: CaseExpectation.Failure(), steps: [], outputs: [])
        _ = fields.object("expect") { expectation = self.expectation(reading: &$0) }
        return expectation
    }

    private func expectation(reading fields: inout JSONFields) -> CaseExpectation {
        let state = fields.optional("state", .choice(CaseExpectation.State.self)) ?? .succeeded
        var failedStep: CaseExpectation.FailedStep?
        // Null says that no step failed the flow.
        switch fields.raw("failedStep") {
        case nil: break
        case .null: failedStep = CaseExpectation.FailedStep.none
        default: failedStep = step(&fields, "failedStep").map { .step($0) }
        }
        let failure = fields.object("failure") { self.failure(&$0) }
        let steps = steps(&fields, "steps").map { number, value, pointer in
            var inner = JSONFields(value, at: pointer)
            let state = inner.optional("state", .oneOf(CaseReader.stepStates))
            let attempts = inner.optional("attempts", .integer(0...FlowCase.mostTransitions))
            let step = CaseExpectation.Step(
                number: number, state: state, attempts: attempts, failure: self.failure(&inner))
            inner.finish()
            fields.add(inner.errors)
            return step
        }
        let outputs = fields.optional("outputs", "an object", \.members) ?? []
        let known = plan.definition.outputs.map(\.name)
        for output in outputs where !known.contains(output.name) {
            let names = known.isEmpty ? "the flow has none" : "there are \(known.joined(separator: ", "))"
            let pointer = "\(fields.pointer(to: "outputs"))/\(JSON.pointerToken(output.name))"
            fields.add([FieldError(pointer: pointer, detail: "there is no such output; \(names)")])
        }
        let calls = list(&fields, "calls") { self.call(&$0, isCancel: false) }
        let cancels = list(&fields, "cancels") { self.call(&$0, isCancel: true) }
        let duration = duration(&fields, "duration")
        return CaseExpectation(
            state: state, failedStep: failedStep, failure: failure ?? CaseExpectation.Failure(), steps: steps,
            outputs: outputs, calls: calls, cancels: cancels, duration: duration)
    }

    /// The names of `StepState.name`.
    static let stepStates = [
        "waiting", "ready", "running", "backoff", "sleeping", "cancelling", "succeeded", "skipped", "failed",
        "cancelled", "notRun",
    ]

    private func failure(_ fields: inout JSONFields) -> CaseExpectation.Failure {
        CaseExpectation.Failure(
            kind: fields.optional("class", .choice(StepFailure.Kind.self)),
            message: fields.optional("message", "a string", \.text))
    }

    private func call(_ fields: inout JSONFields, isCancel: Bool) -> CaseExpectation.Call? {
        let step = step(&fields, "step", isRequired: true)
        let attempt = fields.optional("attempt", .integer(1...FlowCase.mostTransitions))
        let at = duration(&fields, "at")
        let inputs = isCancel ? [] : fields.optional("inputs", "an object", \.members) ?? []
        return step.map { CaseExpectation.Call(step: $0, attempt: attempt, at: at, inputs: inputs) }
    }

    private func duration(_ fields: inout JSONFields, _ name: String) -> ExpectedDuration? {
        fields.optional(name, "a duration such as \"90s\", or a bound such as \"<= 1h\"") {
            $0.text.flatMap { ExpectedDuration($0) }
        }
    }
}
