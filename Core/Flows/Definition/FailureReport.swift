package import Model

/// What a flow is given that starts because another has failed.
package struct FailureReport: Hashable, Sendable {
    /// The execution that failed.
    package var execution: ExecutionID
    /// Its flow; nil: its definition was stored with it.
    package var flow: FlowName?
    /// The step that failed it; nil: it failed as a whole.
    package var step: String?
    package var failure: StepFailure

    /// A report of these parts.
    package init(execution: ExecutionID, flow: FlowName?, step: String?, failure: StepFailure) {
        self.execution = execution
        self.flow = flow
        self.step = step
        self.failure = failure
    }

    /// By name, with their types. `flow` and `step` may be missing.
    private static let inputs: [String: (type: FlowType, isOptional: Bool)] = [
        "execution": (.string, false), "flow": (.string, true), "step": (.string, true),
        "error": (.map(.string), false),
    ]

    /// The input of the flow that it starts. `error` has `class` and `message`.
    package var values: [String: ExpressionValue] {
        var values: [String: ExpressionValue] = [
            "execution": .string("\(execution)"),
            "error": .map(["class": .string("\(failure.kind)"), "message": .string(failure.message)]),
        ]
        if let flow { values["flow"] = .string("\(flow)") }
        if let step { values["step"] = .string(step) }
        return values
    }

    /// Why a flow cannot be given such reports, each with its pointer into the definition that names it.
    package static func mistakes(in handler: FlowDefinition, _ name: FlowName) -> [FieldError] {
        handler.inputs.compactMap { input in
            func mistake(_ detail: String) -> FieldError {
                FieldError(pointer: "/onFailure/flow", detail: "\(name) has the input \(input.name), \(detail)")
            }
            guard let given = inputs[input.name] else {
                let names = inputs.keys.sorted().listed
                return input.isOptional || input.standard != nil
                    ? nil : mistake("which a failure does not give: it gives \(names)")
            }
            if input.isSecret { return mistake("a secret, which a failure does not give") }
            if input.type != .json, input.type != given.type { return mistake("which must be a \(given.type)") }
            if given.isOptional, !input.isOptional, input.standard == nil {
                return mistake("which may be missing: make it optional, or give it a default")
            }
            return nil
        }
    }
}
