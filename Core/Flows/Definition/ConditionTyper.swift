/// Finds what can never succeed in a condition, whatever its names come to. What may succeed is left to the evaluation:
/// a `number` may be an int or a double, and `json` anything.
struct ConditionTyper {
    private typealias Node = Expression.Node

    private let names: FlowNames
    /// With columns; in the order in which the parts are evaluated.
    private(set) var mistakes: [ExpressionError] = []

    /// Types a condition whose paths these names resolve. Paths that lead nowhere are not reported here.
    init(_ condition: Expression, _ names: FlowNames) {
        self.names = names
        flag(condition.root, "a condition is true or false")
    }

    private mutating func fail(_ column: Int, _ detail: String) -> StaticType {
        mistakes.append(ExpressionError(.type, at: column, detail))
        // Anything: one mistake does not bring others.
        return .any
    }

    /// `inputs.trees is integer`, `this is integer`.
    private static func finding(_ node: Node, _ type: StaticType) -> String {
        "\(ExpressionPath(node)?.description ?? "this") is \(type)"
    }

    private mutating func flag(_ node: Node, _ rule: String) {
        let type = type(node)
        guard !type.kinds.contains(.bool) else { return }
        _ = fail(node.start, "\(rule), \(ConditionTyper.finding(node, type))")
    }

    private mutating func type(_ node: Node) -> StaticType {
        if ExpressionPath(node) != nil { return (try? names.resolve(node)).map { StaticType($0.type) } ?? .any }
        switch node.content {
        case .literal(let value): return StaticType(value)
        case .name: return .any
        case .field(let operand, let name): return field(name, operand, node)
        case .element(let operand, let index): return element(index, operand, node)
        case .has(let operand, let name):
            _ = ExpressionPath(operand) == nil ? field(name, operand, node) : .any
            return StaticType(.bool)
        case .size(let operand): return size(operand, node)
        case .list(let nodes):
            let elements = nodes.reduce(into: StaticType.Kinds()) { $0.formUnion(type($1).kinds) }
            return StaticType(.list, elements: nodes.isEmpty ? .any : elements)
        case .not(let operand):
            flag(operand, "! takes a boolean")
            return StaticType(.bool)
        case .negative(let operand): return negative(operand, node)
        case .and(let left, let right): return decision(left, right, "&& takes a boolean")
        case .or(let left, let right): return decision(left, right, "|| takes a boolean")
        case .choice(let condition, let first, let second):
            flag(condition, "?: takes a boolean")
            return type(first).union(type(second))
        case .binary(let symbol, let left, let right): return binary(symbol, left, right, node)
        }
    }

    /// A side of `&&` or `||` that is never a boolean is a mistake although the other side may decide.
    private mutating func decision(_ left: Node, _ right: Node, _ rule: String) -> StaticType {
        flag(left, rule)
        flag(right, rule)
        return StaticType(.bool)
    }

    private mutating func field(_ name: String, _ operand: Node, _ node: Node) -> StaticType {
        let type = type(operand)
        guard type.kinds.contains(.map) else { return fail(node.column, "\(type) has no fields, so no \(name)") }
        return type.field(name) ?? fail(node.column, "\(type) has no field \(name)")
    }

    private mutating func element(_ index: Node, _ operand: Node, _ node: Node) -> StaticType {
        let (whole, key) = (type(operand), type(index))
        if let element = whole.element(key) { return element }
        let takes =
            switch (whole.kinds.contains(.list), whole.kinds.contains(.map)) {
            case (true, true): "an integer or a string"
            case (true, false): "an integer"
            case (false, true): "a string"
            case (false, false): ""
            }
        if takes.isEmpty { return fail(node.column, "\(whole) has no elements") }
        return fail(node.column, "an index of \(whole) is \(takes), found \(key)")
    }

    private mutating func size(_ operand: Node, _ node: Node) -> StaticType {
        let type = type(operand)
        if type.kinds.isDisjoint(with: [.string, .list, .map]) {
            let finding = ConditionTyper.finding(operand, type)
            _ = fail(node.column, "size() takes a string, list or map, \(finding)")
        }
        return StaticType(.int)
    }

    private mutating func negative(_ operand: Node, _ node: Node) -> StaticType {
        let type = type(operand)
        let kinds = type.kinds.intersection(.number)
        if kinds.isEmpty { return fail(node.column, "- takes a number, \(ConditionTyper.finding(operand, type))") }
        return StaticType(kinds)
    }

    // MARK: Operators

    private mutating func binary(
        _ symbol: Expression.Operator, _ left: Node, _ right: Node, _ node: Node
    ) -> StaticType {
        let (first, second) = (type(left), type(right))
        let kinds: StaticType.Kinds
        switch symbol {
        // Values of different types can be compared for equality: they are not equal.
        case .equal, .unequal: return StaticType(.bool)
        case .isIn:
            if second.kinds.isDisjoint(with: [.list, .map]) {
                _ = fail(node.column, "in needs a list or a map, \(ConditionTyper.finding(right, second))")
            }
            return StaticType(.bool)
        case .less, .lessOrEqual, .greaterOrEqual, .greater:
            let both = first.kinds.intersection(second.kinds).intersection([.string, .bool])
            let areNumbers = !first.kinds.isDisjoint(with: .number) && !second.kinds.isDisjoint(with: .number)
            kinds = both.isEmpty && !areNumbers ? [] : .bool
        case .add: kinds = first.kinds.intersection(second.kinds).intersection([.int, .double, .string, .list])
        case .subtract, .multiply, .divide: kinds = first.kinds.intersection(second.kinds).intersection(.number)
        case .remainder: kinds = first.kinds.intersection(second.kinds).intersection(.int)
        }
        if kinds.isEmpty { return mismatch(symbol, first, second, node) }
        if symbol == .divide || symbol == .remainder, right.content == .literal(.int(0)) {
            return fail(node.column, "\(symbol.rawValue) by zero")
        }
        return StaticType(kinds)
    }

    private mutating func mismatch(
        _ symbol: Expression.Operator, _ left: StaticType, _ right: StaticType, _ node: Node
    ) -> StaticType {
        let areNumbers = !left.kinds.isDisjoint(with: .number) && !right.kinds.isDisjoint(with: .number)
        let why =
            !areNumbers
            ? ""
            : symbol == .remainder
                ? "; it is of whole numbers" : "; arithmetic does not mix whole numbers and numbers with a fraction"
        return fail(node.column, "\(symbol.rawValue) does not take \(left) and \(right)\(why)")
    }
}
