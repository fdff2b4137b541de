/// What is known of a condition's value before it is evaluated: the kinds of value that it may have.
struct StaticType {
    /// Kinds of values at run time. A `number` may be an int or a double; `json` is any of them.
    struct Kinds: OptionSet {
        let rawValue: UInt8

        static let null = Kinds(rawValue: 1), bool = Kinds(rawValue: 2), int = Kinds(rawValue: 4)
        static let double = Kinds(rawValue: 8), string = Kinds(rawValue: 16), list = Kinds(rawValue: 32)
        static let map = Kinds(rawValue: 64)
        static let number: Kinds = [.int, .double]
        static let any = Kinds(rawValue: 127)
    }

    var kinds: Kinds
    /// The type as the flow or a contract declares it; nil: the value is computed.
    private var declared: FlowType?
    /// What the elements of a computed list may be.
    private var elements = Kinds.any

    static let any = StaticType(.any)

    /// A computed value of these kinds.
    init(_ kinds: Kinds, elements: Kinds = .any) {
        self.kinds = kinds
        self.elements = elements
    }

    /// An input's or output's type, or that of a part of it.
    init(_ type: FlowType) {
        declared = type
        kinds =
            switch type {
            case .string, .duration, .timestamp: .string
            case .integer: .int
            case .number: .number
            case .boolean: .bool
            case .json: .any
            case .metricSet, .lifecycle, .map: .map
            case .list: .list
            }
    }

    /// The type of a literal.
    init(_ value: ExpressionValue) {
        kinds =
            switch value.plain {
            case .null: .null
            case .bool: .bool
            case .int: .int
            case .double: .double
            case .string: .string
            case .list: .list
            case .map, .written: .map
            }
    }

    /// A value of this type or that.
    func union(_ other: StaticType) -> StaticType {
        var union = StaticType(kinds.union(other.kinds), elements: elements.union(other.elements))
        if declared == other.declared { union.declared = declared }
        return union
    }

    /// The type of a field; nil: no value of this type has it.
    func field(_ name: String) -> StaticType? {
        guard kinds.contains(.map) else { return nil }
        guard let declared else { return .any }
        return declared.field(name).map { StaticType($0) }
    }

    /// The type of an element by an index of that type; nil: no value of this type has it.
    func element(_ index: StaticType) -> StaticType? {
        let isPlace = kinds.contains(.list) && index.kinds.contains(.int)
        let isKey = kinds.contains(.map) && index.kinds.contains(.string)
        guard isPlace || isKey else { return nil }
        switch declared {
        case .list(let element), .map(let element): return StaticType(element)
        case .metricSet: return StaticType(.number)
        case nil where !isKey: return StaticType(elements)
        default: return .any
        }
    }
}

extension StaticType: CustomStringConvertible {
    /// As types are called in flows: `integer`, `list<string>`, `integer or string`.
    var description: String {
        if let declared { return declared.description }
        if kinds == .any { return FlowType.json.description }
        var names: [String] = []
        if kinds.contains(.null) { names.append("null") }
        if kinds.contains(.bool) { names.append("boolean") }
        if kinds.contains(.double) { names.append("number") } else if kinds.contains(.int) { names.append("integer") }
        if kinds.contains(.string) { names.append("string") }
        if kinds.contains(.list) { names.append("list") }
        if kinds.contains(.map) { names.append("map") }
        return names.joined(separator: " or ")
    }
}
