/// A JSON value (RFC 8259) that keeps what a user wrote: the order of members and the digits of numbers.
///
/// An action's body is the user's data. Read into `Double` and dictionaries it would come out changed
/// (`12345678901234567890`, `1.0`, the order of keys), so this type stores numbers as text.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number's text, as written.
    case number(String)
    case string(String)
    case array([JSON])
    /// Members in their order; names are unique.
    case object([Member])

    /// One name and its value.
    public struct Member: Hashable, Sendable {
        public var name: String
        public var value: JSON

        /// The name must be unique within its object.
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// A whole number, of any size.
    public static func integer(_ value: some BinaryInteger) -> JSON { .number(String(value)) }
    /// A finite number. Infinities and NaN, which JSON lacks, become null.
    public static func number(_ value: Double) -> JSON { value.isFinite ? .number(String(value)) : .null }
    /// A string in RFC 3339, UTC, with milliseconds.
    public static func time(_ value: Timestamp) -> JSON { .string(value.description) }
    /// What `make` returns for a value, or null for nil.
    public static func optional<Value>(_ value: Value?, _ make: (Value) -> JSON) -> JSON { value.map(make) ?? .null }

    /// The value of the member with this name; nil if there is none, or if this is no object.
    public subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The value of a string; nil for anything else.
    public var text: String? { if case .string(let text) = self { text } else { nil } }
    /// The elements of an array; nil for anything else.
    public var elements: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
    /// The members of an object; nil for anything else.
    public var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    /// The value of a number that is whole and fits; `5.0` and `5e3` are whole too, as in JSON Schema.
    public var int: Int? {
        guard case .number(let text) = self else { return nil }
        if let value = Int(text) { return value }
        // Beyond 2^53 a floating-point number does not identify the whole number that was written.
        guard let value = Double(text), value.magnitude < 9_007_199_254_740_992 else { return nil }
        return Int(exactly: value)
    }
    /// The value of a number; nil for anything else.
    public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
    /// The value of a boolean; nil for anything else.
    public var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    /// The kind of value for messages: `null`, `a string`, ….
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string written as a Swift literal.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A boolean written as a Swift literal.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number written as a Swift literal.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// An array written as a Swift literal.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object written as a Swift literal, its members in that order; names must be unique.
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
    /// Null, written as `nil`.
    public init(nilLiteral: ()) { self = .null }
}

extension JSON: CustomStringConvertible {
    /// Compact JSON text.
    public var description: String { String(decoding: serialized, as: UTF8.self) }

    /// Compact JSON text as UTF-8.
    public var serialized: [UInt8] {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return bytes
    }

    /// JSON text on several lines, indented by two spaces.
    public var pretty: String {
        var bytes: [UInt8] = []
        write(into: &bytes, indentation: 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends JSON text: compact, or on several lines.
    ///
    /// - Parameter indentation: the depth at which the text stands, two spaces each; nil: compact.
    public func write(into bytes: inout [UInt8], indentation: Int? = nil) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): JSON.write(text, into: &bytes)
        case .array(let elements):
            JSON.writeList(elements, "[", "]", into: &bytes, indentation) { $1.write(into: &$0, indentation: $2) }
        case .object(let members):
            JSON.writeList(members, "{", "}", into: &bytes, indentation) { bytes, member, inner in
                JSON.write(member.name, into: &bytes)
                bytes.append(contentsOf: (inner == nil ? ":" : ": ").utf8)
                member.value.write(into: &bytes, indentation: inner)
            }
        }
    }

    private static func writeList<Element>(
        _ list: [Element], _ open: String, _ close: String, into bytes: inout [UInt8], _ indentation: Int?,
        _ body: (inout [UInt8], Element, Int?) -> Void
    ) {
        let inner = indentation.map { $0 + 1 }
        func newLine(_ depth: Int?) {
            guard let depth, !list.isEmpty else { return }
            bytes.append(UInt8(ascii: "\n"))
            for _ in 0..<depth * 2 { bytes.append(UInt8(ascii: " ")) }
        }
        bytes.append(contentsOf: open.utf8)
        for (index, element) in list.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine(inner)
            body(&bytes, element, inner)
        }
        newLine(indentation)
        bytes.append(contentsOf: close.utf8)
    }

    /// Appends a JSON string, quoted and escaped.
    package static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<32:
                bytes.append(contentsOf: "\\u00".utf8)
                for nibble in [byte >> 4, byte & 15] { bytes.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
