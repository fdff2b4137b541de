package import Model

/// A value in a condition.
///
/// `==` is that of Swift; a condition's `==` is `equals`, in which 1 and 1.0 are equal and NaN equals nothing.
package enum ExpressionValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case list([ExpressionValue])
    /// Keys are strings, as in JSON.
    case map([String: ExpressionValue])

    /// Reads JSON. A number without fraction and exponent that fits 64 bits is an int, any other a double.
    package init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .number(let text):
            // "1.0" and "1e2" are doubles; digits beyond 64 bits are, too.
            self = Int64(text).map { .int($0) } ?? .double(Double(text) ?? .nan)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { ExpressionValue($0) })
        case .object(let members):
            self = .map(Dictionary(members.map { ($0.name, ExpressionValue($0.value)) }, uniquingKeysWith: { $1 }))
        }
    }

    /// As JSON; NaN and infinities become null, and members are in the order of their names.
    package var json: JSON {
        switch self {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .integer(number)
        case .double(let number): .number(number)
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .map(let fields): .object(fields.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.json) })
        }
    }

    /// The type's name for messages: `int`, `list`, ….
    package var type: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .double: "double"
        case .string: "string"
        case .list: "list"
        case .map: "map"
        }
    }

    /// Whether the values are equal in a condition. Values of different types are not, but for numbers, which are
    /// compared exactly.
    package func equals(_ other: ExpressionValue) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        // By code points: Swift's own comparison takes canonically equivalent texts for equal.
        case (.string(let left), .string(let right)): left.unicodeScalars.elementsEqual(right.unicodeScalars)
        case (.list(let left), .list(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.map(let left), .map(let right)):
            left.count == right.count
                && left.allSatisfy { key, value in right[key].map { value.equals($0) } ?? false }
        default: NumberOrder.compare(self, other) == .equal
        }
    }
}

/// The order of two numbers, exact also between int and double: nothing is rounded at 2^53.
enum NumberOrder {
    case less, equal, greater

    /// Nil: one of them is no number, or NaN.
    static func compare(_ left: ExpressionValue, _ right: ExpressionValue) -> NumberOrder? {
        switch (left, right) {
        case (.int(let left), .int(let right)): order(left, right)
        case (.double(let left), .double(let right)): left.isNaN || right.isNaN ? nil : order(left, right)
        case (.int(let left), .double(let right)): compare(left, right)
        case (.double(let left), .int(let right)): compare(right, left)?.reversed
        default: nil
        }
    }

    private static func compare(_ left: Int64, _ right: Double) -> NumberOrder? {
        if right.isNaN { return nil }
        if right >= 0x1p63 { return .less }
        if right < -0x1p63 { return .greater }
        let whole = right.rounded(.towardZero)
        let order = order(left, Int64(whole))
        return order == .equal ? self.order(whole, right) : order
    }

    private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> NumberOrder {
        left < right ? .less : left == right ? .equal : .greater
    }

    private var reversed: NumberOrder {
        switch self {
        case .less: .greater
        case .equal: .equal
        case .greater: .less
        }
    }
}
