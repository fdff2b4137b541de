import Model

/// What the paths of a flow name: the types of its inputs and of its steps' outputs.
struct FlowNames {
    /// What a path leads to.
    struct Found {
        var type: FlowType
        var mayBeAbsent: Bool
        var isSecret: Bool
    }

    /// Why a path leads nowhere.
    struct Mistake: Error, CustomStringConvertible {
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
                description: name == "inputs"
                    ? "names all inputs; name one of them" : "names the step \(name), and none of its outputs")
        case .field(let operand, let name):
            if case .name(let root) = operand.content { return try first(root, name) }
            return try field(name, of: try resolve(operand))
        case .element(let operand, let index):
            guard case .literal(let key) = index.content else { return try unknown(try resolve(operand)) }
            if case .string(let name) = key {
                if case .name(let root) = operand.content { return try first(root, name) }
                return try field(name, of: try resolve(operand))
            }
            var found = try resolve(operand)
            guard let element = found.type.element else {
                throw Mistake(description: "a \(found.type) has no elements")
            }
            found.type = element
            return found
        default: throw Mistake(description: "is no path")
        }
    }

    private func unknown(_ found: Found) throws(Mistake) -> Found {
        var found = found
        found.type = .json
        return found
    }

    private func field(_ name: String, of found: Found) throws(Mistake) -> Found {
        guard let type = found.type.field(name) else {
            throw Mistake(description: "a \(found.type) has no field \(name)")
        }
        var found = found
        found.type = type
        return found
    }

    /// The first part of a path: an input, or an output of a step.
    private func first(_ root: String, _ name: String) throws(Mistake) -> Found {
        if root == "inputs" {
            guard let input = inputs[name] else {
                let known =
                    inputs.isEmpty ? "the flow has none" : "there are \(inputs.keys.sorted().listed)"
                throw Mistake(description: "there is no input \(name); \(known)")
            }
            return Found(
                type: input.type, mayBeAbsent: input.isOptional && input.standard == nil, isSecret: input.isSecret)
        }
        guard let step = steps[root] else { throw Mistake(description: "there is no step \(root)") }
        // The step's own type is reported where it stands.
        guard let contract = contracts[step.type] else {
            return Found(type: .json, mayBeAbsent: false, isSecret: false)
        }
        guard let output = contract.outputs[name] else {
            let known = contract.outputs.isEmpty ? "no outputs" : contract.outputs.keys.sorted().joined(separator: ", ")
            throw Mistake(description: "\(step.type) has no output \(name); it has \(known)")
        }
        return Found(
            type: output.type, mayBeAbsent: step.when != nil || step.onError == .continue || output.isOptional,
            isSecret: output.isSecret)
    }
}

extension Expression {
    /// The longest paths whose values the condition reads; each once, by their texts.
    var paths: [Path] { Expression.paths(in: root, isRead: true) }

    /// The paths that stand in `has(…)`; each once, by their texts.
    var askedPaths: [Path] { Expression.paths(in: root, isRead: false) }

    /// A path with its text, in which two that name the same are the same.
    struct Path {
        var text: String
        var node: Node
    }

    private static func paths(in root: Node, isRead: Bool) -> [Path] {
        var found: [String: Node] = [:]
        func visit(_ node: Node) {
            if case .has(let operand, let name) = node.content {
                if isRead { return }
                let field = Node(column: node.column, content: .field(operand, name))
                if let text = path(field) { found[text] = field }
            } else if isRead, let text = path(node) {
                found[text] = node
                return
            }
            for child in children(of: node) { visit(child) }
        }
        visit(root)
        return found.sorted { $0.key < $1.key }.map { Path(text: $0.key, node: $0.value) }
    }

    /// Paths of which the condition can only be true where they are there: `has(…)` as one of its conjuncts.
    var guarded: Set<String> {
        var guarded: Set<String> = []
        func visit(_ node: Node) {
            switch node.content {
            case .and(let left, let right):
                visit(left)
                visit(right)
            case .has(let operand, let name):
                if let path = Expression.path(operand) { guarded.insert("\(path).\(name)") }
            default: break
            }
        }
        visit(root)
        return guarded
    }

    /// The text of a path of names, fields and literal indexes; nil for anything else.
    static func path(_ node: Node) -> String? {
        switch node.content {
        case .name(let name): return name
        case .field(let operand, let name): return path(operand).map { "\($0).\(name)" }
        case .element(let operand, let index):
            guard case .literal(let key) = index.content else { return nil }
            return path(operand).map { "\($0)[\(key.json)]" }
        default: return nil
        }
    }

    static func children(of node: Node) -> [Node] {
        switch node.content {
        case .literal, .name: []
        case .list(let nodes): nodes
        case .field(let operand, _), .has(let operand, _), .size(let operand), .not(let operand),
            .negative(let operand):
            [operand]
        case .element(let left, let right), .and(let left, let right), .or(let left, let right),
            .binary(_, let left, let right):
            [left, right]
        case .choice(let condition, let first, let second): [condition, first, second]
        }
    }
}
