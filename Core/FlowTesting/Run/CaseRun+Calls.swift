import Flows
import Model

/// The remote systems of a case.
extension CaseRun {
    /// Makes the call of an attempt: notes it, and schedules what its mock says.
    mutating func invoke(_ call: StepCall) {
        let step = plan.steps[call.step]
        let inputs: [StepOutputs.Field]
        do throws(StepFailure) {
            inputs = try state.inputs(of: call.step, context)
            // What such a step is given must be a call that can be made.
            if step.contract.name == "http" { _ = try RenderedCall(http: inputs.withoutSealedHeaders) }
        } catch {
            return schedule(.answer(call, .failed(error)), at: now)
        }
        result.calls.append(FlowCaseResult.Call(call: call, at: now - flowCase.startAt, inputs: inputs))
        guard let mock = flowCase.mocks[call.step] else {
            result.problem = CaseRun.missingMock(step, call)
            return
        }
        let binding = MockBinding.of(step.contract, in: flowCase.bindings)
        let result = mock.result(ofAttempt: call.attempt)
        switch binding.completion {
        case .response: respond(result, call, binding)
        case .callback: report(result, call)
        }
    }

    private static func missingMock(_ step: FlowPlan.Step, _ call: StepCall) -> String {
        let outputs = step.contract.outputs.filter { !$0.value.isOptional }.sorted { $0.key < $1.key }
            .map { JSON.Member($0.key, .string("a \($0.value.type)")) }
        let example: JSON = ["steps": .object([JSON.Member(step.name, ["outputs": .object(outputs)])])]
        return "\(step.name) was called (attempt \(call.attempt)) and has no mock; write one such as \(example)"
    }

    /// The answer brings the result, unless that takes longer than a call may.
    private mutating func respond(_ result: MockResult, _ call: StepCall, _ binding: MockBinding) {
        let contract = plan.steps[call.step].contract
        guard result.end != .silence, result.after < binding.callTimeout else {
            let text = "the call took longer than \(binding.callTimeout.text)"
            return schedule(.answer(call, .failed(StepFailure(.timeout, text))), at: now + binding.callTimeout)
        }
        schedule(.answer(call, CaseRun.report(of: result.end, contract).answer(contract)), at: now + result.after)
    }

    /// The call is accepted at once; reports follow.
    private mutating func report(_ result: MockResult, _ call: StepCall) {
        let contract = plan.steps[call.step].contract
        if case .status(let status, let retryAfter) = result.end {
            return schedule(.answer(call, CaseRun.refusal(status, retryAfter, contract)), at: now + result.after)
        }
        schedule(.answer(call, .accepted), at: now)
        for report in result.reports {
            let sign = report.metrics.map { StepReport.progress(ExpressionValue($0)) } ?? .running
            schedule(.report(call, sign), at: now + report.after)
        }
        if result.end == .silence { return }
        schedule(.report(call, CaseRun.report(of: result.end, contract).report(contract)), at: now + result.after)
    }

    private static func report(of end: MockResult.End, _ contract: StepContract) -> CallbackReport {
        switch end {
        case .outputs(let outputs): .succeeded(outputs)
        case .failed(let failure): .failed(failure)
        case .status(let status, let retryAfter): CallbackReport(refusal(status, retryAfter, contract))
        case .silence: .running
        }
    }

    private static func refusal(_ status: Int, _ retryAfter: Duration?, _ contract: StepContract) -> StepAnswer {
        let answer = CallAnswer(status: status, body: [], totalBytes: 0, cut: nil, retryAfter: retryAfter)
        return FlowBinding.http.answer(answer, contract) { _ in nil }
    }
}

extension [StepOutputs.Field] {
    /// Without headers that are one secret: they are opened only where the real call is made.
    fileprivate var withoutSealedHeaders: [StepOutputs.Field] {
        filter { field in
            if field.name == "headers", case .string = field.value { false } else { true }
        }
    }
}
