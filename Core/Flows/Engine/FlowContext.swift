import Model

/// What a transition needs besides the state.
package struct FlowContext: Sendable {
    package var plan: FlowPlan
    /// By name, defaults filled in; of secrets anything but the value.
    package var inputs: [String: ExpressionValue]
    /// The binding that performs a type of step now; nil: there is none.
    package var binding: @Sendable (StepContract) -> BindingTerms?
    /// A binding by its id, for attempts that began with it; nil: it is not known.
    package var bindingOfAttempt: @Sendable (Int) -> BindingTerms?
    /// Differs between executions: spreads their retries.
    package var seed: UInt64

    /// A context of these parts.
    package init(
        plan: FlowPlan, inputs: [String: ExpressionValue], seed: UInt64,
        binding: @escaping @Sendable (StepContract) -> BindingTerms?,
        bindingOfAttempt: @escaping @Sendable (Int) -> BindingTerms?
    ) {
        self.plan = plan
        self.inputs = inputs
        self.seed = seed
        self.binding = binding
        self.bindingOfAttempt = bindingOfAttempt
    }
}

extension FlowState {
    /// What the names of the flow's conditions and templates stand for.
    package func lookUp(_ context: FlowContext) -> (String) -> ExpressionName? {
        { name in
            if name == "inputs" { return .value(.map(context.inputs)) }
            guard let number = context.plan.number(of: name) else { return nil }
            guard case .succeeded = steps[number].phase else { return .absent }
            return .value(steps[number].readOutputs)
        }
    }

    /// What a step is given; throws a `user` failure where a reference has no value or the value has the wrong type.
    package func inputs(of number: Int, _ context: FlowContext) throws(StepFailure) -> [StepOutputs.Field] {
        let step = context.plan.steps[number]
        let lookUp = lookUp(context)
        var inputs: [StepOutputs.Field] = []
        for field in step.definition.with {
            let value: ExpressionValue
            do throws(ExpressionError) {
                value = try field.value.value(lookUp)
            } catch {
                throw StepFailure(.user, "with.\(field.name): \(error)")
            }
            if step.hasUncheckedInputs, let type = step.contract.inputs[field.name]?.type,
                let mistake = type.mistake(in: value.json, at: "/with/\(field.name)")
            {
                throw StepFailure(.user, "\(mistake.pointer): \(mistake.detail)")
            }
            inputs.append(StepOutputs.Field(name: field.name, value: value))
        }
        return inputs
    }

    /// The outputs of a flow that succeeded; throws a `user` failure where a reference has no value.
    package func outputs(_ context: FlowContext) throws(StepFailure) -> [StepOutputs.Field] {
        let lookUp = lookUp(context)
        var outputs: [StepOutputs.Field] = []
        for output in context.plan.definition.outputs {
            do throws(ExpressionError) {
                outputs.append(StepOutputs.Field(name: output.name, value: try output.value.value(lookUp)))
            } catch {
                throw StepFailure(.user, "outputs.\(output.name): \(error)")
            }
        }
        return outputs
    }
}

extension StepState {
    /// The outputs that are read later, as a map.
    package var readOutputs: ExpressionValue {
        if outputs.isEmpty { return .map([:]) }
        var reader = ByteReader(outputs)
        // The bytes were checked when the state was read.
        return (try? ExpressionValue(from: &reader)) ?? .map([:])
    }

    /// Keeps the outputs that are read later.
    mutating func keep(_ fields: [StepOutputs.Field], read: [String]) {
        let kept = fields.filter { read.contains($0.name) }
        if kept.isEmpty {
            outputs = []
            return
        }
        var writer = ByteWriter(capacity: 128)
        ExpressionValue.map(Dictionary(kept.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })).encode(
            into: &writer)
        outputs = writer.bytes[...]
    }
}
