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
    /// JSON that would be changed as one of the others: digits beyond a double, members in an order. It is equal to
    /// `plain`, and comes out as it was written.
    case written(JSON)

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

    /// Reads JSON so that `json` gives it back as it was written.
    package init(written json: JSON) {
        self = ExpressionValue(json)
        if self.json != json { self = .written(json) }
    }

    /// The value without how it was written.
    var plain: ExpressionValue { if case .written(let json) = self { ExpressionValue(json) } else { self } }

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
        case .written(let json): json
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
        case .written: plain.type
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
                && left.allSatisfy { key, value in right[exactly: key].map { value.equals($0) } ?? false }
        case (.written, _), (_, .written): plain.equals(other.plain)
        default: NumberOrder.compare(self, other) == .equal
        }
    }
}

extension ExpressionValue {
    /// Whether it has fields.
    var isMap: Bool {
        switch self {
        case .map, .written(.object): true
        default: false
        }
    }

    /// A field by its name, as it was written; nil: there is none.
    func field(_ name: String) -> ExpressionValue? {
        switch self {
        case .map(let fields): fields[exactly: name]
        case .written(.object(let members)):
            members.first { ExactText($0.name) == ExactText(name) }.map { ExpressionValue(written: $0.value) }
        default: nil
        }
    }
}

extension [String: ExpressionValue] {
    /// The value of the key with these code points. A dictionary also finds one that is canonically equivalent; it has
    /// no two of them, and neither has JSON as it is parsed.
    fileprivate subscript(exactly key: String) -> ExpressionValue? {
        guard let place = index(forKey: key), ExactText(self[place].key) == ExactText(key) else { return nil }
        return self[place].value
    }
}
