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

    /// Counts one level of nesting around `body`.
    private mutating func nested(
        _ body: (inout ExpressionParser) throws(ExpressionError) -> Expression.Node
    ) throws(ExpressionError) -> Expression.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Expression.deepestNesting else {
            throw ExpressionError(
                .syntax, at: token.column, "nested more than \(Expression.deepestNesting) levels deep")
        }
        return try body(&self)
    }

    // MARK: Operators

    private mutating func expression() throws(ExpressionError) -> Expression.Node {
        try nested { parser throws(ExpressionError) in
            let condition = try parser.disjunction()
            guard try parser.take("?") else { return condition }
            let first = try parser.disjunction()
            try parser.expect(":")
            let second = try parser.expression()
            return Node(column: condition.column, content: .choice(condition, first, second))
        }
    }

    private mutating func disjunction() throws(ExpressionError) -> Expression.Node {
        var left = try conjunction()
        var chain = 0
        while try take("||") {
            left = Node(column: left.column, content: .or(left, try conjunction()))
            try check(&chain)
        }
        return left
    }

    private mutating func conjunction() throws(ExpressionError) -> Expression.Node {
        var left = try chain(Relation.self)
        var length = 0
        while try take("&&") {
            left = Node(column: left.column, content: .and(left, try chain(Relation.self)))
            try check(&length)
        }
        return left
    }

    /// Operators of one rank, and what stands between them.
    private protocol Rank {
        static var operators: [Expression.Operator] { get }
        static func operand(_ parser: inout ExpressionParser) throws(ExpressionError) -> Expression.Node
    }
    private enum Relation: Rank {
        static let operators: [Expression.Operator] = [
            .less, .lessOrEqual, .greaterOrEqual, .greater, .equal, .unequal, .isIn,
        ]
        static func operand(_ parser: inout ExpressionParser) throws(ExpressionError) -> Expression.Node {
            try parser.chain(Sum.self)
        }
    }
    private enum Sum: Rank {
        static let operators: [Expression.Operator] = [.add, .subtract]
        static func operand(_ parser: inout ExpressionParser) throws(ExpressionError) -> Expression.Node {
            try parser.chain(Product.self)
        }
    }
    private enum Product: Rank {
        static let operators: [Expression.Operator] = [.multiply, .divide, .remainder]
        static func operand(_ parser: inout ExpressionParser) throws(ExpressionError) -> Expression.Node {
            try parser.unary()
        }
    }

    private mutating func chain<R: Rank>(_ rank: R.Type) throws(ExpressionError) -> Expression.Node {
        var left = try R.operand(&self)
        var length = 0
        while let found = R.operators.first(where: { isSign($0.rawValue) || token.kind == .name($0.rawValue) }) {
            let column = token.column
            try advance()
            left = Node(column: column, content: .binary(found, left, try R.operand(&self)))
            try check(&length)
        }
        return left
    }

    /// Bounds the depth of the tree that a chain of one operator makes.
    private func check(_ length: inout Int) throws(ExpressionError) {
        length += 1
        guard length <= Expression.longestChain else {
            throw ExpressionError(
                .syntax, at: token.column, "more than \(Expression.longestChain) operators in a row; use parentheses")
        }
    }

    private mutating func unary() throws(ExpressionError) -> Expression.Node {
        let column = token.column
        for sign in ["!", "-"] where isSign(sign) {
            return try nested { parser throws(ExpressionError) in
                try parser.advance()
                if sign == "-" {
                    if let number = try parser.negativeNumber(column) { return try parser.selections(of: number) }
                    return Node(column: column, content: .negative(try parser.unaryOperand("-")))
                }
                return Node(column: column, content: .not(try parser.unaryOperand("!")))
            }
        }
        return try member()
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
        var length = 0
        while true {
            let column = token.column
            if try take(".") {
                let name = try name("a field's name")
                if isSign("(") {
                    operand = try method(name, of: operand, column)
                } else {
                    operand = Node(column: column + 1, content: .field(operand, name))
                }
            } else if try take("[") {
                operand = Node(column: column, content: .element(operand, try expression()))
                try expect("]")
            } else {
                return operand
            }
            try check(&length)
        }
    }

    private mutating func method(
        _ name: String, of operand: Expression.Node, _ column: Int
    ) throws(ExpressionError) -> Expression.Node {
        guard name == "size" else { throw ExpressionParser.unknownFunction(name, column + 1) }
        try expect("(")
        try expect(")")
        return Node(column: column + 1, content: .size(operand))
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
        return Node(column: column, content: .list(elements))
    }

    private mutating func function(_ name: String, _ column: Int) throws(ExpressionError) -> Expression.Node {
        guard name == "size" || name == "has" else { throw ExpressionParser.unknownFunction(name, column) }
        try expect("(")
        let argument = try expression()
        try expect(")")
        if name == "size" { return Node(column: column, content: .size(argument)) }
        guard case .field(let operand, let field) = argument.content else {
            throw ExpressionError(.syntax, at: argument.column, "has() takes a field, such as has(step.output)")
        }
        return Node(column: column, content: .has(operand, field))
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
