package import Model

/// A pattern of EventBridge, by which a mapping chooses messages ("Lambda event filtering" and "Amazon EventBridge event
/// patterns", AWS documentation).
///
/// A pattern is an object whose fields must all match; a field is another object, or a list of rules of which one must
/// match. Where the event has a list, one of its elements must match.
package struct FilterPattern: Hashable, Sendable {
    /// What one element of a rule list demands.
    enum Rule: Hashable, Sendable {
        /// A text, boolean or null as it is; a number by its value.
        case equals(JSON)
        case prefix(String, ignoringCase: Bool = false)
        case suffix(String, ignoringCase: Bool = false)
        case equalsIgnoringCase(String)
        case numeric([Comparison])
        case exists(Bool)
        /// None of these.
        indirect case anythingBut([Rule])
    }
    /// `["<", 5]`.
    struct Comparison: Hashable, Sendable {
        var symbol: String
        var value: Double
    }
    indirect enum Node: Hashable, Sendable {
        case fields([Field])
        case rules([Rule])
    }
    struct Field: Hashable, Sendable {
        var name: String
        var node: Node
    }

    private let root: Node
    private let alternatives: [[Node]]

    /// Characters of a pattern.
    package static let longest = 4_096
    /// Patterns of a mapping.
    package static let most = 5

    /// Reads a pattern; throws what Lambda answers to one that is none.
    package init(_ text: String) throws(LambdaError) {
        let wrong = LambdaError.invalid("Invalid filter pattern definition.")
        guard text.unicodeScalars.count <= FilterPattern.longest, let json = try? JSON(parsing: text),
            let members = json.members, !members.isEmpty
        else { throw wrong }
        var alternatives: [[Node]] = []
        guard let node = FilterPattern.node(json, &alternatives, isRoot: true) else { throw wrong }
        root = node
        self.alternatives = alternatives
    }

    /// Nil: it is no pattern.
    private static func node(_ json: JSON, _ alternatives: inout [[Node]], isRoot: Bool = false) -> Node? {
        switch json {
        case .object(let members):
            var fields: [Field] = []
            for member in members {
                if isRoot, member.name == "$or" {
                    guard let list = member.value.elements, list.count >= 2 else { return nil }
                    var nodes: [Node] = []
                    for element in list {
                        var inner: [[Node]] = []
                        guard element.members?.isEmpty == false, let node = node(element, &inner), inner.isEmpty else {
                            return nil
                        }
                        nodes.append(node)
                    }
                    alternatives.append(nodes)
                    continue
                }
                guard let node = node(member.value, &alternatives) else { return nil }
                fields.append(Field(name: member.name, node: node))
            }
            return fields.isEmpty && alternatives.isEmpty ? nil : .fields(fields)
        case .array(let elements):
            let rules = elements.compactMap { rule($0) }
            return rules.isEmpty || rules.count < elements.count ? nil : .rules(rules)
        default: return nil
        }
    }

    private static func rule(_ json: JSON) -> Rule? {
        switch json {
        case .null, .bool, .string: return .equals(json)
        case .number: return json.double?.isFinite == true ? .equals(json) : nil
        case .array: return nil
        case .object(let members):
            guard members.count == 1 else { return nil }
            let value = members[0].value
            switch members[0].name {
            case "prefix": return text(value).map { .prefix($0.text, ignoringCase: $0.ignoringCase) }
            case "suffix": return text(value).map { .suffix($0.text, ignoringCase: $0.ignoringCase) }
            case "equals-ignore-case": return value.text.map { .equalsIgnoringCase($0) }
            case "exists": return value.flag.map { .exists($0) }
            case "numeric": return value.elements.flatMap(comparisons).map { .numeric($0) }
            case "anything-but":
                let parts = value.elements ?? [value]
                let rules = parts.compactMap { part -> Rule? in
                    switch rule(part) {
                    case .exists, .numeric, .anythingBut, .none: nil
                    case let rule: rule
                    }
                }
                return rules.isEmpty || rules.count < parts.count ? nil : .anythingBut(rules)
            default: return nil
            }
        }
    }

    /// `"x"` or `{"equals-ignore-case": "x"}`.
    private static func text(_ json: JSON) -> (text: String, ignoringCase: Bool)? {
        if let text = json.text { return (text, false) }
        guard json.members?.count == 1, let text = json["equals-ignore-case"]?.text else { return nil }
        return (text, true)
    }

    private static func comparisons(_ elements: [JSON]) -> [Comparison]? {
        guard !elements.isEmpty, elements.count % 2 == 0, elements.count <= 4 else { return nil }
        var comparisons: [Comparison] = []
        for index in stride(from: 0, to: elements.count, by: 2) {
            guard let symbol = elements[index].text, ["=", "<", "<=", ">", ">="].contains(symbol),
                let value = elements[index + 1].double, value.isFinite
            else { return nil }
            comparisons.append(Comparison(symbol: symbol, value: value))
        }
        return comparisons
    }

    // MARK: Matching

    /// Whether an event matches.
    package func matches(_ event: JSON) -> Bool {
        FilterPattern.matches(root, event)
            && alternatives.allSatisfy { nodes in nodes.contains { FilterPattern.matches($0, event) } }
    }

    /// Whether a message of a queue matches, by its body: a JSON body is held against a pattern of fields, a text against
    /// one of rules; where the kinds differ it does not match.
    package func matches(body: String) -> Bool {
        let json = try? JSON(parsing: body)
        // A number or a quoted text in JSON is text to Lambda.
        let isDocument = json?.members != nil || json?.elements != nil
        return matches(["body": isDocument ? json ?? .null : .string(body)])
    }

    private static func matches(_ node: Node, _ value: JSON?) -> Bool {
        switch node {
        case .rules(let rules):
            // A list matches by any of its elements.
            if case .array(let elements) = value {
                return rules.contains { rule in
                    if case .exists(let wanted) = rule { return wanted }
                    return elements.contains { matches(rule, $0) }
                }
            }
            return rules.contains { matches($0, value) }
        case .fields(let fields):
            if case .array(let elements) = value { return elements.contains { matches(node, $0) } }
            return fields.allSatisfy { matches($0.node, value?[$0.name]) }
        }
    }

    private static func matches(_ rule: Rule, _ value: JSON?) -> Bool {
        guard let value else { return rule == .exists(false) }
        switch rule {
        case .equals(let wanted):
            if case .number = wanted { return value.double.map { $0 == wanted.double } ?? false }
            return value == wanted
        case .prefix(let text, let ignoringCase):
            guard let found = value.text else { return false }
            return ignoringCase ? found.lowercased().hasPrefix(text.lowercased()) : found.hasPrefix(text)
        case .suffix(let text, let ignoringCase):
            guard let found = value.text else { return false }
            return ignoringCase ? found.lowercased().hasSuffix(text.lowercased()) : found.hasSuffix(text)
        case .equalsIgnoringCase(let text): return value.text?.lowercased() == text.lowercased()
        case .numeric(let comparisons):
            guard let number = value.double else { return false }
            return comparisons.allSatisfy { comparison in
                switch comparison.symbol {
                case "=": number == comparison.value
                case "<": number < comparison.value
                case "<=": number <= comparison.value
                case ">": number > comparison.value
                default: number >= comparison.value
                }
            }
        // Only leaves exist: an object is none.
        case .exists(let wanted): return wanted == (value.members == nil)
        case .anythingBut(let rules):
            if value.members != nil { return false }
            return !rules.contains { matches($0, value) }
        }
    }
}
