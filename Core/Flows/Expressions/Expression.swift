/// A condition: a subset of the Common Expression Language (cel-spec, `doc/langdef.md`).
///
///     Expr       = Or ["?" Or ":" Expr]
///     Or         = And {"||" And}
///     And        = Relation {"&&" Relation}
///     Relation   = Sum {("<" | "<=" | ">=" | ">" | "==" | "!=" | "in") Sum}
///     Sum        = Product {("+" | "-") Product}
///     Product    = Unary {("*" | "/" | "%") Unary}
///     Unary      = {"!"} Member | {"-"} Member
///     Member     = Primary {"." IDENT | "[" Expr "]" | ".size()"}
///     Primary    = IDENT | "size(" Expr ")" | "has(" Member "." IDENT ")" | "(" Expr ")" | List | Literal
///     List       = "[" [Expr {"," Expr} [","]] "]"
///     Literal    = INT | DOUBLE | STRING | "true" | "false" | "null"
///
/// Literals are those of CEL without unsigned numbers and bytes; comments run from `//` to the end of the line. There are no macros,
/// no maps as literals, no time and no randomness: the cost of an evaluation is bounded by the text and its values.
package struct Expression: Hashable, Sendable, CustomStringConvertible {
    /// In bytes of UTF-8.
    package static let longestText = 4_096
    /// Parentheses, brackets, operators and selections within one another.
    package static let deepestNesting = 32
    /// Of the whole tree, whatever it is made of: what walks it fits into a stack of 512 KiB.
    static let deepestTree = 64
    /// The largest text (in bytes of UTF-8) or list (in elements) that an operation makes.
    package static let longestResult = 65_536

    /// The text as written.
    package let description: String
    let root: Node

    /// Reads a condition; throws `ExpressionError` with the code `syntax`.
    package init(_ text: String) throws(ExpressionError) {
        guard text.utf8.count <= Expression.longestText else {
            throw ExpressionError(.syntax, at: 1, "a condition has at most \(Expression.longestText) bytes")
        }
        var parser = try ExpressionParser(text)
        root = try parser.parse()
        description = text
    }

    /// A part of a condition with the column where it begins.
    struct Node: Hashable, Sendable {
        let column: Int
        let content: Content
        /// Of the tree below it, itself included.
        let depth: Int

        init(column: Int, content: Content) {
            self.column = column
            self.content = content
            depth = 1 + Expression.children(of: content).reduce(0) { max($0, $1.depth) }
        }
    }

    indirect enum Content: Hashable, Sendable {
        case literal(ExpressionValue)
        case list([Node])
        /// A step, or `inputs`.
        case name(String)
        case field(Node, String)
        case element(Node, Node)
        /// Whether a value has a field.
        case has(Node, String)
        case size(Node)
        case not(Node)
        case negative(Node)
        case binary(Operator, Node, Node)
        case and(Node, Node)
        case or(Node, Node)
        case choice(Node, Node, Node)
    }

    /// An operator whose both sides are always evaluated.
    enum Operator: String, Sendable {
        case less = "<"
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case greater = ">"
        case equal = "=="
        case unequal = "!="
        case isIn = "in"
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case remainder = "%"
    }
}
