/// Reads a condition by recursive descent, one word ahead.
struct ExpressionParser {
    private typealias Node = Expression.Node

    private var lexer: ExpressionLexer
    private var token: ExpressionToken
    private var depth = 0

    init(_ text: String) throws(ExpressionError) {
        lexer = ExpressionLexer(text)
        token = try lexer.next()
    }

    mutating func parse() throws(ExpressionError) -> Expression.Node {
        let root = try expression()
        guard token.kind == .end else { throw unexpected("an operator or the end") }
        return root
    }

    private func unexpected(_ wanted: String) -> ExpressionError {
        ExpressionError(.syntax, at: token.column, "expected \(wanted), found \(token.described)")
    }

    private mutating func advance() throws(ExpressionError) { token = try lexer.next() }

    private func isSign(_ sign: String) -> Bool { token.kind == .sign(sign) }

    /// Takes the sign if it is next.
    private mutating func take(_ sign: String) throws(ExpressionError) -> Bool {
        guard isSign(sign) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ sign: String) throws(ExpressionError) {
        guard try take(sign) else { throw unexpected("\"\(sign)\"") }
    }

    /// One more level of nesting; the caller leaves it by `depth -= 1`.
    private mutating func enter() throws(ExpressionError) {
        depth += 1
        guard depth <= Expression.deepestNesting else {
            throw ExpressionError(
                .syntax, at: token.column, "nested more than \(Expression.deepestNesting) levels deep")
        }
    }

    /// Chains and nesting add up.
    private func checked(_ column: Int, _ content: Expression.Content) throws(ExpressionError) -> Expression.Node {
        let node = Node(column: column, content: content)
        guard node.depth <= Expression.deepestTree else {
            throw ExpressionError(
                .syntax, at: token.column,
                "more than \(Expression.deepestTree) operators and selections within one another; split the condition")
        }
        return node
    }

    // MARK: Operators

    private mutating func expression() throws(ExpressionError) -> Expression.Node {
        try enter()
        defer { depth -= 1 }
        let condition = try operation(0)
        guard try take("?") else { return condition }
        let first = try operation(0)
        try expect(":")
        return try checked(condition.column, .choice(condition, first, try expression()))
    }

    /// What binds an operator to its sides: `||` least.
    private static let ranks: [[String]] = [
        ["||"], ["&&"], ["<", "<=", ">=", ">", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"],
    ]

    /// Operators of a rank and of those above it. One loop for all ranks keeps the stack small.
    private mutating func operation(_ lowest: Int) throws(ExpressionError) -> Expression.Node {
        var left = try unary()
        while let (sign, rank) = infix, rank >= lowest {
            let column = token.column
            try advance()
            let right = try operation(rank + 1)
            switch sign {
            case "||": left = try checked(left.column, .or(left, right))
            case "&&": left = try checked(left.column, .and(left, right))
            default:
                guard let symbol = Expression.Operator(rawValue: sign) else { throw unexpected("an operator") }
                left = try checked(column, .binary(symbol, left, right))
            }
        }
        return left
    }

    /// The operator that is next, with its rank.
    private var infix: (sign: String, rank: Int)? {
        let sign: String
        switch token.kind {
        case .sign(let text): sign = text
        case .name("in"): sign = "in"
        default: return nil
        }
        return ExpressionParser.ranks.firstIndex { $0.contains(sign) }.map { (sign, $0) }
    }

    private mutating func unary() throws(ExpressionError) -> Expression.Node {
        let column = token.column
        guard isSign("!") || isSign("-") else { return try member() }
        let isMinus = isSign("-")
        try enter()
        defer { depth -= 1 }
        try advance()
        guard isMinus else { return try checked(column, .not(try unaryOperand("!"))) }
        if let number = try negativeNumber(column) { return try selections(of: number) }
        return try checked(column, .negative(try unaryOperand("-")))
    }

    /// `!!a` and `--a` are legal, `!-a` is not.
    private mutating func unaryOperand(_ sign: String) throws(ExpressionError) -> Expression.Node {
        isSign(sign) ? try unary() : try member()
    }

    /// A number right behind a minus belongs to it, so that -2^63 can be written.
    private mutating func negativeNumber(_ column: Int) throws(ExpressionError) -> Expression.Node? {
        let value: ExpressionValue
        switch token.kind {
        case .int(let number) where number <= 1 << 63: value = .int(Int64(truncatingIfNeeded: 0 &- number))
        case .int: throw ExpressionError(.syntax, at: column, "the number does not fit 64 bits")
        case .double(let number): value = .double(-number)
        default: return nil
        }
        try advance()
        return Node(column: column, content: .literal(value))
    }

    // MARK: Operands

    private mutating func member() throws(ExpressionError) -> Expression.Node { try selections(of: try primary()) }

    private mutating func selections(of operand: Expression.Node) throws(ExpressionError) -> Expression.Node {
        var operand = operand
        while true {
            let column = token.column
            if try take(".") {
                let name = try name("a field's name")
                if isSign("(") {
                    operand = try method(name, of: operand, column)
                } else {
                    operand = try checked(column + 1, .field(operand, name))
                }
            } else if try take("[") {
                operand = try checked(column, .element(operand, try expression()))
                try expect("]")
            } else {
                return operand
            }
        }
    }

    private mutating func method(
        _ name: String, of operand: Expression.Node, _ column: Int
    ) throws(ExpressionError) -> Expression.Node {
        guard name == "size" else { throw ExpressionParser.unknownFunction(name, column + 1) }
        try expect("(")
        try expect(")")
        return try checked(column + 1, .size(operand))
    }

    private mutating func name(_ wanted: String) throws(ExpressionError) -> String {
        guard case .name(let name) = token.kind else { throw unexpected(wanted) }
        guard !ExpressionParser.keywords.contains(name) else {
            throw ExpressionError(.syntax, at: token.column, "\"\(name)\" is a word of the language")
        }
        try advance()
        return name
    }

    private mutating func primary() throws(ExpressionError) -> Expression.Node {
        let column = token.column
        func literal(_ value: ExpressionValue) -> Expression.Node { Node(column: column, content: .literal(value)) }
        switch token.kind {
        case .int(let number):
            guard let value = Int64(exactly: number) else {
                throw ExpressionError(.syntax, at: column, "the number does not fit 64 bits")
            }
            try advance()
            return literal(.int(value))
        case .double(let value):
            try advance()
            return literal(.double(value))
        case .string(let value):
            try advance()
            return literal(.string(value))
        case .sign("("):
            try advance()
            let inner = try expression()
            try expect(")")
            return inner
        case .sign("["): return try list()
        case .name(let word):
            if let value: ExpressionValue = ["true": .bool(true), "false": .bool(false), "null": .null][word] {
                try advance()
                return literal(value)
            }
            let name = try name("a value")
            return isSign("(") ? try function(name, column) : Node(column: column, content: .name(name))
        case .sign, .end: throw unexpected("a value")
        }
    }

    private mutating func list() throws(ExpressionError) -> Expression.Node {
        let column = token.column
        try expect("[")
        var elements: [Expression.Node] = []
        while !isSign("]") {
            elements.append(try expression())
            guard try take(",") else { break }
        }
        try expect("]")
        return try checked(column, .list(elements))
    }

    private mutating func function(_ name: String, _ column: Int) throws(ExpressionError) -> Expression.Node {
        guard name == "size" || name == "has" else { throw ExpressionParser.unknownFunction(name, column) }
        try expect("(")
        let argument = try expression()
        try expect(")")
        if name == "size" { return try checked(column, .size(argument)) }
        guard case .field(let operand, let field) = argument.content else {
            throw ExpressionError(.syntax, at: argument.column, "has() takes a field, such as has(step.output)")
        }
        return try checked(column, .has(operand, field))
    }

    private static func unknownFunction(_ name: String, _ column: Int) -> ExpressionError {
        let isMacro = ["all", "exists", "exists_one", "map", "filter"].contains(name)
        return ExpressionError(
            .syntax, at: column,
            isMacro
                ? "the macro \(name) is not part of conditions" : "there is no function \(name); there are size and has"
        )
    }

    /// Words that are no names (cel-spec, "Syntax").
    private static let keywords: Set<String> = [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ]
}
