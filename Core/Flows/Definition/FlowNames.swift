import Model

/// What the paths of a flow name: the types of its inputs and of its steps' outputs.
struct FlowNames {
    /// What a path leads to.
    struct Found {
        var type: FlowType
        /// The parts of the path that may be absent, itself included; empty: it is always there.
        var mayBeAbsent: [ExpressionPath] = []
        var isSecret: Bool
    }

    /// Why a path leads nowhere.
    struct Mistake: Error, CustomStringConvertible {
        /// Where the part begins that leads nowhere.
        var column: Int
        var description: String
    }

    private let inputs: [String: FlowDefinition.Input]
    private let steps: [String: FlowStep]
    private let contracts: [String: StepContract]

    init(_ definition: FlowDefinition, contracts: [String: StepContract]) {
        inputs = Dictionary(definition.inputs.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        steps = Dictionary(definition.steps.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        self.contracts = contracts
    }

    /// What a path such as `train.model.uri` names.
    func resolve(_ node: Expression.Node) throws(Mistake) -> Found {
        switch node.content {
        case .name(let name):
            throw Mistake(
                column: node.column,
                description: name == "inputs"
                    ? "names all inputs; name one of them" : "names the step \(name), and none of its outputs")
        case .field(let operand, let name): return try field(name, of: operand, node)
        case .element(let operand, let index):
            switch index.content {
            case .literal(.string(let name)): return try field(name, of: operand, node)
            case .literal(.int(let place)): return try element(place, of: try resolve(operand), node)
            default: throw Mistake(column: node.column, description: "is no path")
            }
        default: throw Mistake(column: node.column, description: "is no path")
        }
    }

    private func field(
        _ name: String, of operand: Expression.Node, _ node: Expression.Node
    ) throws(Mistake) -> Found {
        if case .name(let root) = operand.content { return try first(root, name, node) }
        var found = try resolve(operand)
        guard let type = found.type.field(name) else {
            throw Mistake(column: node.column, description: "\(found.type) has no field \(name)")
        }
        if found.type.isOptional(name), let path = ExpressionPath(node) { found.mayBeAbsent.append(path) }
        found.type = type
        return found
    }

    private func element(_ place: Int64, of found: Found, _ node: Expression.Node) throws(Mistake) -> Found {
        guard let element = found.type.element else {
            throw Mistake(column: node.column, description: "\(found.type) has no elements")
        }
        guard place >= 0 else {
            throw Mistake(column: node.column, description: "there is no element \(place); the first is 0")
        }
        var found = found
        found.type = element
        return found
    }

    /// The first part of a path: an input, or an output of a step.
    private func first(
        _ root: String, _ name: String, _ node: Expression.Node
    ) throws(Mistake) -> Found {
        func found(_ type: FlowType, _ mayBeAbsent: Bool, _ isSecret: Bool) -> Found {
            let paths = ExpressionPath(node).map { mayBeAbsent ? [$0] : [] } ?? []
            return Found(type: type, mayBeAbsent: paths, isSecret: isSecret)
        }
        if root == "inputs" {
            guard let input = inputs[name] else {
                let known =
                    inputs.isEmpty ? "the flow has none" : "there are \(inputs.keys.sorted().listed)"
                throw Mistake(column: node.column, description: "there is no input \(name); \(known)")
            }
            return found(input.type, input.isOptional && input.standard == nil, input.isSecret)
        }
        guard let step = steps[root] else {
            throw Mistake(column: node.column, description: "there is no step \(root)")
        }
        // The step's own type is reported where it stands.
        guard let contract = contracts[step.type] else {
            return found(.json, false, false)
        }
        guard let output = contract.outputs[name] else {
            let known = contract.outputs.isEmpty ? "no outputs" : contract.outputs.keys.sorted().joined(separator: ", ")
            throw Mistake(column: node.column, description: "\(step.type) has no output \(name); it has \(known)")
        }
        return found(
            output.type, step.when != nil || step.onError == .continue || output.isOptional, output.isSecret)
    }
}
