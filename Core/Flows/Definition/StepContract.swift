/// What a type of step takes and gives, whoever performs it.
package struct StepContract: Hashable, Sendable {
    /// One input or output.
    package struct Field: Hashable, Sendable {
        package var type: FlowType
        /// An input may be left out; an output may be missing.
        package var isOptional: Bool
        /// Of an input: it may be given a secret. Of an output: it is one.
        package var isSecret: Bool

        /// A field that is always there and no secret, unless given.
        package init(_ type: FlowType, isOptional: Bool = false, isSecret: Bool = false) {
            self.type = type
            self.isOptional = isOptional
            self.isSecret = isSecret
        }
    }

    /// With its version where that is not 1: `model.train`, `model.train@2`.
    package var name: String
    package var inputs: [String: Field]
    package var outputs: [String: Field]
    /// Whether it takes further inputs, such as hyperparameters, as `json`.
    package var takesParameters: Bool

    /// A contract that takes no parameters, unless given.
    package init(_ name: String, inputs: [String: Field], outputs: [String: Field], takesParameters: Bool = false) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.takesParameters = takesParameters
    }
}

extension StepContract {
    private static func always(_ kind: FlowType.Lifecycle) -> Field { Field(.lifecycle(kind)) }

    /// The contracts that Headgate has.
    package static let builtIn: [StepContract] = [
        StepContract(
            "dataset.transform",
            inputs: ["source": always(.dataset), "transformation": always(.transformation)],
            outputs: [
                "dataset": always(.dataset), "holdout": always(.dataset),
                "segments": Field(.list(.json), isOptional: true),
            ], takesParameters: true),
        StepContract(
            "dataset.register", inputs: ["dataset": always(.dataset), "name": Field(.string, isOptional: true)],
            outputs: ["dataset": always(.dataset)]),
        StepContract(
            "model.train", inputs: ["dataset": always(.dataset)],
            outputs: ["model": always(.model), "metrics": Field(.metricSet, isOptional: true)], takesParameters: true),
        StepContract(
            "model.evaluate", inputs: ["model": always(.model), "dataset": always(.dataset)],
            outputs: ["metrics": Field(.metricSet), "evaluation": Field(.lifecycle(.evaluation), isOptional: true)],
            takesParameters: true),
        StepContract(
            "model.register",
            inputs: [
                "model": always(.model), "metrics": Field(.metricSet, isOptional: true),
                "name": Field(.string, isOptional: true),
            ], outputs: ["model": always(.model)]),
        StepContract(
            "http",
            inputs: [
                "url": Field(.string), "method": Field(.string, isOptional: true),
                "headers": Field(.map(.string), isOptional: true, isSecret: true),
                "body": Field(.json, isOptional: true),
            ], outputs: ["status": Field(.integer), "body": Field(.json, isOptional: true)]),
        StepContract(
            "wait",
            inputs: ["for": Field(.duration, isOptional: true), "until": Field(.timestamp, isOptional: true)],
            outputs: [:]),
    ]

    /// Types of step that are reserved: a flow with one is refused with "not yet".
    package static let reserved = ["map", "event", "approval", "subflow"]
}
