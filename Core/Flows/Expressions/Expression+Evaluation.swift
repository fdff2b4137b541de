import Model

/// What the names of a condition stand for.
package enum ExpressionName: Sendable {
    /// A step's outputs, or the flow's inputs.
    case value(ExpressionValue)
    /// A step that was skipped or failed.
    case absent
}

extension Expression {
    /// The condition's value with these names; a name that `lookUp` does not know is an error.
    ///
    /// `&&` and `||` absorb an error of one side where the other decides, whichever comes first (cel-spec, "Logical
    /// operators"). What is left is thrown.
    package func value(_ lookUp: @escaping (String) -> ExpressionName?) throws(ExpressionError) -> ExpressionValue {
        try Evaluation(lookUp: lookUp).written(root)
    }

    /// Whether the condition holds; a value that is no bool is an error.
    package func holds(_ lookUp: @escaping (String) -> ExpressionName?) throws(ExpressionError) -> Bool {
        let value = try value(lookUp)
        guard case .bool(let holds) = value else {
            throw ExpressionError(.type, at: root.column, "a condition is true or false, this is \(value.type)")
        }
        return holds
    }
}

/// One evaluation of a condition.
private struct Evaluation {
    typealias Node = Expression.Node

    let lookUp: (String) -> ExpressionName?

    /// The value, as it was written where it is named and not computed.
    func written(_ node: Node) throws(ExpressionError) -> ExpressionValue {
        switch node.content {
        case .name(let name): try named(name, node)
        case .field(let operand, let name): try field(name, of: try written(operand), operand, node)
        case .element(let operand, let index): try element(try value(index), of: try written(operand), operand, node)
        case .choice(let condition, let first, let second): try written(try flag(condition, "?:") ? first : second)
        default: try value(node)
        }
    }

    func value(_ node: Node) throws(ExpressionError) -> ExpressionValue {
        switch node.content {
        case .name, .field, .element, .choice: return try written(node).plain
        case .literal(let value): return value
        case .has(let operand, let name): return .bool(try has(name, operand, node))
        case .size(let operand): return try size(try value(operand), operand, node)
        case .list(let nodes):
            var elements: [ExpressionValue] = []
            for node in nodes { elements.append(try value(node)) }
            return .list(elements)
        case .not(let operand): return .bool(!(try flag(operand, "!")))
        case .negative(let operand): return try negative(try value(operand), node)
        case .and(let left, let right): return .bool(try decide(left, right, "&&", by: false))
        case .or(let left, let right): return .bool(try decide(left, right, "||", by: true))
        case .binary(let symbol, let left, let right):
            return try apply(symbol, try value(left), try value(right), node)
        }
    }

    private func flag(_ node: Node, _ symbol: String) throws(ExpressionError) -> Bool {
        let value = try value(node)
        guard case .bool(let flag) = value else {
            throw ExpressionError(.type, at: node.column, "\(symbol) needs a bool, \(finding(node, value))")
        }
        return flag
    }

    /// The value of `&&` (decided by false) or `||` (decided by true).
    private func decide(
        _ left: Node, _ right: Node, _ symbol: String, by decisive: Bool
    ) throws(ExpressionError) -> Bool {
        var failure: ExpressionError?
        do throws(ExpressionError) {
            if try flag(left, symbol) == decisive { return decisive }
        } catch {
            // The right side may decide all the same.
            failure = error
        }
        let second: Bool
        do throws(ExpressionError) {
            second = try flag(right, symbol)
        } catch {
            throw failure ?? error
        }
        if let failure, second != decisive { throw failure }
        return second
    }

    // MARK: Names and fields

    /// `inputs.age is int`; of what is no path only its type. Values are never quoted.
    private func finding(_ node: Node, _ value: ExpressionValue) -> String {
        "\(ExpressionPath(node)?.description ?? "this") is \(value.type)"
    }

    private func missing(_ part: String, _ operand: Node, _ node: Node) -> ExpressionError {
        if let path = ExpressionPath(node) {
            // A key that is written out is a field.
            let what = part == "key" ? "field" : part
            return ExpressionError(.absent, at: node.column, "there is no \(what) \(path)")
        }
        let whole = ExpressionPath(operand).map { " in \($0)" } ?? ""
        return ExpressionError(.absent, at: node.column, "there is no such \(part)\(whole)")
    }

    private func named(_ name: String, _ node: Node) throws(ExpressionError) -> ExpressionValue {
        switch lookUp(name) {
        case .value(let value): return value
        case .absent: throw ExpressionError(.absent, at: node.column, "\(name) was skipped or has failed")
        case nil: throw ExpressionError(.absent, at: node.column, "there is no step or input \(name)")
        }
    }

    private func field(
        _ name: String, of value: ExpressionValue, _ operand: Node, _ node: Node
    ) throws(ExpressionError) -> ExpressionValue {
        guard value.isMap else {
            throw ExpressionError(
                .type, at: node.column, "\(finding(operand, value)), which has no fields, so no \(name)")
        }
        guard let value = value.field(name) else {
            throw ExpressionError(
                .absent, at: node.column, "there is no field \(ExpressionPath(node)?.description ?? name)")
        }
        return value
    }

    /// False where any part of the path is not there, and where the step that begins it was skipped or has failed.
    ///
    /// In CEL `has(a.b.c)` fails where `a.b` is absent. Here it is false, as it must be where `a` is: who asks for a
    /// field of what may be absent would otherwise get an answer if the step is skipped, and a failure if it ran.
    private func has(_ name: String, _ operand: Node, _ node: Node) throws(ExpressionError) -> Bool {
        guard let value = try present(operand) else { return false }
        guard value.isMap else {
            throw ExpressionError(
                .type, at: node.column, "\(finding(operand, value)), which has no fields, so no \(name)")
        }
        return value.field(name) != nil
    }

    /// The value of a path; nil where a part of it is not there.
    private func present(_ node: Node) throws(ExpressionError) -> ExpressionValue? {
        func absentAsNil(
            _ value: () throws(ExpressionError) -> ExpressionValue
        ) throws(ExpressionError) -> ExpressionValue? {
            do throws(ExpressionError) { return try value() } catch {
                if error.code == .absent { return nil }
                throw error
            }
        }
        switch node.content {
        case .name(let name):
            if case .absent = lookUp(name) { return nil }
            return try named(name, node)
        case .field(let operand, let name):
            guard let value = try present(operand) else { return nil }
            return try absentAsNil { () throws(ExpressionError) in try field(name, of: value, operand, node) }
        case .element(let operand, let index):
            guard let value = try present(operand) else { return nil }
            let key = try self.value(index)
            return try absentAsNil { () throws(ExpressionError) in try element(key, of: value, operand, node) }
        default: return try written(node)
        }
    }

    private func element(
        _ index: ExpressionValue, of value: ExpressionValue, _ operand: Node, _ node: Node
    ) throws(ExpressionError) -> ExpressionValue {
        switch (value, index) {
        case (.list(let elements), .int(let place)): return try at(place, elements, operand, node)
        case (.written(.array(let elements)), .int(let place)):
            return ExpressionValue(written: try at(place, elements, operand, node))
        case (_, .string(let key)) where value.isMap:
            guard let value = value.field(key) else {
                throw missing("key", operand, node)
            }
            return value
        default: break
        }
        switch value.plain {
        case .list: throw ExpressionError(.type, at: node.column, "a list's index is an int, found \(index.type)")
        case .map: throw ExpressionError(.type, at: node.column, "a map's key is a string, found \(index.type)")
        default: throw ExpressionError(.type, at: node.column, "\(finding(operand, value)), which has no elements")
        }
    }

    private func at<Element>(_ place: Int64, _ list: [Element], _ operand: Node, _ node: Node) throws(ExpressionError)
        -> Element
    {
        guard place >= 0, place < list.count else {
            throw missing("element", operand, node)
        }
        return list[Int(place)]
    }

    private func size(_ value: ExpressionValue, _ operand: Node, _ node: Node) throws(ExpressionError)
        -> ExpressionValue
    {
        switch value {
        case .string(let text): .int(Int64(text.unicodeScalars.count))
        case .list(let elements): .int(Int64(elements.count))
        case .map(let fields): .int(Int64(fields.count))
        default:
            throw ExpressionError(
                .type, at: node.column, "size() takes a string, list or map, \(finding(operand, value))")
        }
    }

    // MARK: Operators

    private func negative(_ value: ExpressionValue, _ node: Node) throws(ExpressionError) -> ExpressionValue {
        switch value {
        case .int(let number):
            let (result, overflows) = Int64(0).subtractingReportingOverflow(number)
            if overflows { throw ExpressionError(.overflow, at: node.column, "- does not fit 64 bits") }
            return .int(result)
        case .double(let number): return .double(-number)
        default: throw ExpressionError(.type, at: node.column, "- needs a number, found \(value.type)")
        }
    }

    private func apply(
        _ symbol: Expression.Operator, _ left: ExpressionValue, _ right: ExpressionValue, _ node: Node
    ) throws(ExpressionError) -> ExpressionValue {
        switch symbol {
        case .equal: .bool(left.equals(right))
        case .unequal: .bool(!left.equals(right))
        case .isIn: .bool(try contains(right, left, node))
        case .less, .lessOrEqual, .greaterOrEqual, .greater: .bool(try compare(symbol, left, right, node))
        case .add, .subtract, .multiply, .divide, .remainder: try calculate(symbol, left, right, node)
        }
    }

    private func contains(
        _ whole: ExpressionValue, _ part: ExpressionValue, _ node: Node
    ) throws(ExpressionError) -> Bool {
        switch whole {
        case .list(let elements): return elements.contains { $0.equals(part) }
        case .map: if case .string(let key) = part { return whole.field(key) != nil } else { return false }
        default: throw ExpressionError(.type, at: node.column, "in needs a list or a map, found \(whole.type)")
        }
    }

    private func compare(
        _ symbol: Expression.Operator, _ left: ExpressionValue, _ right: ExpressionValue, _ node: Node
    ) throws(ExpressionError) -> Bool {
        let order: NumberOrder?
        switch (left, right) {
        case (.int, .int), (.int, .double), (.double, .int), (.double, .double):
            order = NumberOrder.compare(left, right)
        case (.string(let left), .string(let right)):
            order = Evaluation.order(left.unicodeScalars, right.unicodeScalars)
        case (.bool(let left), .bool(let right)): order = left == right ? .equal : right ? .less : .greater
        default: throw mismatch(symbol, left, right, node)
        }
        // Every comparison with NaN is false.
        return switch symbol {
        case .less: order == .less
        case .lessOrEqual: order == .less || order == .equal
        case .greater: order == .greater
        default: order == .greater || order == .equal
        }
    }

    private static func order(_ left: String.UnicodeScalarView, _ right: String.UnicodeScalarView) -> NumberOrder {
        if left.elementsEqual(right) { return .equal }
        return left.lexicographicallyPrecedes(right) ? .less : .greater
    }

    private func mismatch(
        _ symbol: Expression.Operator, _ left: ExpressionValue, _ right: ExpressionValue, _ node: Node
    ) -> ExpressionError {
        ExpressionError(
            .type, at: node.column, "\(symbol.rawValue) does not take \(left.type) and \(right.type)")
    }

    private func calculate(
        _ symbol: Expression.Operator, _ left: ExpressionValue, _ right: ExpressionValue, _ node: Node
    ) throws(ExpressionError) -> ExpressionValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try integer(symbol, left, right, node))
        case (.double(let left), .double(let right)) where symbol != .remainder:
            return .double(Evaluation.real(symbol, left, right))
        case (.string(let left), .string(let right)) where symbol == .add:
            try check(left.utf8.count + right.utf8.count, node)
            return .string(left + right)
        case (.list(let left), .list(let right)) where symbol == .add:
            try check(left.count + right.count, node)
            return .list(left + right)
        default: throw mismatch(symbol, left, right, node)
        }
    }

    /// Bounds the cost of `a + a + …`.
    private func check(_ size: Int, _ node: Node) throws(ExpressionError) {
        guard size <= Expression.longestResult else {
            throw ExpressionError(.tooLong, at: node.column, "+ makes more than \(Expression.longestResult)")
        }
    }

    private func integer(
        _ symbol: Expression.Operator, _ left: Int64, _ right: Int64, _ node: Node
    ) throws(ExpressionError) -> Int64 {
        if right == 0, symbol == .divide || symbol == .remainder {
            throw ExpressionError(.divisionByZero, at: node.column, "\(symbol.rawValue) by zero")
        }
        let (result, overflows) =
            switch symbol {
            case .add: left.addingReportingOverflow(right)
            case .subtract: left.subtractingReportingOverflow(right)
            case .multiply: left.multipliedReportingOverflow(by: right)
            case .divide: left.dividedReportingOverflow(by: right)
            default: left.remainderReportingOverflow(dividingBy: right)
            }
        if overflows { throw ExpressionError(.overflow, at: node.column, "\(symbol.rawValue) does not fit 64 bits") }
        return result
    }

    private static func real(_ symbol: Expression.Operator, _ left: Double, _ right: Double) -> Double {
        switch symbol {
        case .add: left + right
        case .subtract: left - right
        case .multiply: left * right
        default: left / right
        }
    }
}
