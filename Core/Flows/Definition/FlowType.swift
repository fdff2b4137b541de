/// The type of an input or output. Lifecycle types (`Dataset`, …) are references: uri, digest, size and media type,
/// never the data.
package indirect enum FlowType: Hashable, Sendable {
    case string, integer, number, boolean, duration, timestamp, json
    /// A map from a metric's name to a number.
    case metricSet
    case lifecycle(Lifecycle)
    case list(FlowType)
    /// Keys are strings.
    case map(FlowType)

    /// What a reference leads to.
    package enum Lifecycle: String, CaseIterable, Sendable {
        case dataset = "Dataset"
        case transformation = "Transformation"
        case model = "Model"
        case evaluation = "Evaluation"
        /// Any of the others, or something else that has a uri.
        case reference = "Reference"
    }

    private static let simple: [(name: String, type: FlowType)] =
        [
            ("string", .string), ("integer", .integer), ("number", .number), ("boolean", .boolean),
            ("duration", .duration), ("timestamp", .timestamp), ("json", .json), ("MetricSet", .metricSet),
        ] + Lifecycle.allCases.map { ($0.rawValue, .lifecycle($0)) }

    /// Reads `integer`, `Dataset`, `list<Dataset>`, …; nil for anything else.
    package init?(_ text: String) { self.init(Substring(text), depth: 0) }

    private init?(_ text: Substring, depth: Int) {
        if let found = FlowType.simple.first(where: { $0.name == text }) {
            self = found.type
            return
        }
        for (prefix, make) in [("list<", FlowType.list), ("map<", FlowType.map)] as [(String, (FlowType) -> FlowType)] {
            guard depth < FlowType.deepestNesting, text.hasPrefix(prefix), text.hasSuffix(">"),
                let inner = FlowType(text.dropFirst(prefix.count).dropLast(), depth: depth + 1)
            else { continue }
            self = make(inner)
            return
        }
        return nil
    }
    private static let deepestNesting = 8

    /// The names of all simple types, for messages.
    package static var names: String { simple.map(\.name).joined(separator: ", ") + ", list<…> and map<…>" }

    /// The names of the types that are no list and no map.
    static var simpleNames: [String] { simple.map(\.name) }

    /// Whether a value of this type may stand where `target` is expected.
    package func isAssignable(to target: FlowType) -> Bool {
        switch (self, target) {
        // What is json is checked when it arrives.
        case (_, .json), (.json, _): true
        case (.integer, .number): true
        case (.lifecycle, .lifecycle(.reference)): true
        case (.metricSet, .map(let element)): FlowType.number.isAssignable(to: element)
        case (.list(let own), .list(let other)), (.map(let own), .map(let other)): own.isAssignable(to: other)
        default: self == target
        }
    }

    /// The type of a field of a value of this type; nil: there is none. Of `json` it is `json`.
    package func field(_ name: String) -> FlowType? {
        switch self {
        case .json: .json
        case .metricSet: .number
        case .map(let element): element
        case .lifecycle: ["uri": .string, "digest": .string, "size": .integer, "mediaType": .string][name]
        default: nil
        }
    }

    /// Whether a value of this type may lack a field that the type has. The keys of maps and what is in `json` are only
    /// known at run time, and count as there.
    func isOptional(_ name: String) -> Bool { if case .lifecycle = self { name != "uri" } else { false } }

    /// The type of an element by its index; nil: there are none.
    package var element: FlowType? {
        switch self {
        case .json: .json
        case .list(let element): element
        default: nil
        }
    }

    /// Whether a value of this type can stand within text.
    package var isScalar: Bool {
        switch self {
        case .string, .integer, .number, .boolean, .duration, .timestamp, .json: true
        case .metricSet, .lifecycle, .list, .map: false
        }
    }
}

extension FlowType: CustomStringConvertible {
    /// As it is written.
    package var description: String {
        switch self {
        case .list(let element): "list<\(element)>"
        case .map(let element): "map<\(element)>"
        default: FlowType.simple.first { $0.type == self }?.name ?? "json"
        }
    }
}
