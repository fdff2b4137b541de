import Model

/// A definition made ready for the reducer: steps by number, what waits for what, and which outputs are read later.
///
/// Steps have the numbers of their places in the definition.
package struct FlowPlan: Sendable {
    /// One step.
    package struct Step: Sendable {
        package var definition: FlowStep
        package var contract: StepContract
        /// The steps that it waits for.
        var dependencies: [Int]
        /// The steps that wait for it.
        var dependents: [Int]
        /// The outputs that conditions, templates and the flow's outputs read, sorted: only these stay in the state.
        package var readOutputs: [String]
        /// Whether some of its inputs are checked only when their values are known.
        var hasUncheckedInputs: Bool

        package var name: String { definition.name }
    }

    package let definition: FlowDefinition
    package let steps: [Step]
    private let numbers: [String: Int]

    /// Prepares a definition that `FlowChecker` found no mistake in; nil if a contract is missing, as of a definition
    /// that a later version of Headgate has checked.
    package init?(_ definition: FlowDefinition, contracts: [StepContract] = StepContract.builtIn) {
        let contracts = Dictionary(contracts.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        let numbers = Dictionary(
            definition.steps.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let reads = FlowPlan.reads(of: definition)
        let checker = FlowNames(definition, contracts: contracts)
        var steps: [Step] = []
        for step in definition.steps {
            guard let contract = contracts[step.type] else { return nil }
            steps.append(
                Step(
                    definition: step, contract: contract,
                    dependencies: step.dependencies.compactMap { numbers[$0] }.sorted(), dependents: [],
                    readOutputs: (reads[step.name] ?? []).sorted(),
                    hasUncheckedInputs: step.with.contains { field in
                        contract.inputs[field.name].map { $0.type != .json && !checker.knowsType(of: field.value) }
                            ?? false
                    }))
        }
        for (number, step) in steps.enumerated() {
            for dependency in step.dependencies { steps[dependency].dependents.append(number) }
        }
        self.definition = definition
        self.steps = steps
        self.numbers = numbers
    }

    /// The number of the step of that name; nil: there is none.
    package func number(of name: String) -> Int? { numbers[name] }

    /// By step, the outputs that something reads.
    private static func reads(of definition: FlowDefinition) -> [String: Set<String>] {
        var reads: [String: Set<String>] = [:]
        func visit(_ node: Expression.Node) {
            switch node.content {
            case .field(let operand, let name), .has(let operand, let name):
                if case .name(let step) = operand.content { reads[step, default: []].insert(name) }
            case .element(let operand, let index):
                if case .name(let step) = operand.content, case .literal(.string(let name)) = index.content {
                    reads[step, default: []].insert(name)
                }
            default: break
            }
            for child in Expression.children(of: node) { visit(child) }
        }
        for step in definition.steps {
            if let when = step.when { visit(when.root) }
            for reference in step.with.flatMap(\.value.references) { visit(reference.path.root) }
        }
        for reference in definition.outputs.flatMap(\.value.references) { visit(reference.path.root) }
        return reads
    }

    /// The steps that run again with `step`: itself and all that wait for it, directly or not.
    func downstream(of step: Int) -> Set<Int> {
        var found: Set<Int> = [step]
        var open = [step]
        while let next = open.popLast() {
            for dependent in steps[next].dependents where found.insert(dependent).inserted { open.append(dependent) }
        }
        return found
    }
}

extension FlowNames {
    /// Whether the types of all references in a template are known before their values are.
    fileprivate func knowsType(of template: FlowTemplate) -> Bool {
        template.references.allSatisfy { reference in
            guard let found = try? resolve(reference.path.root) else { return false }
            return !found.type.containsJSON
        }
    }
}

extension FlowType {
    /// Whether values of this type are checked only when they arrive.
    fileprivate var containsJSON: Bool {
        switch self {
        case .json: true
        case .list(let element), .map(let element): element.containsJSON
        default: false
        }
    }
}
