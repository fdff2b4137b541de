package import Model
import Yams

/// Documents in YAML, with members in their order, from values of JSON.
package enum YAMLText {
    /// Documents one after the other, in block style; texts are quoted where YAML would read something else.
    package static func text(_ documents: [JSON]) -> String {
        do {
            return try documents.map { try Yams.serialize(node: node($0), width: -1, sortKeys: false) }
                .joined(separator: "---\n")
        } catch {
            preconditionFailure("YAML cannot be written: \(error)")
        }
    }

    private static func node(_ value: JSON) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .number(let text): Node(text, Tag(text.contains { ".eE".contains($0) } ? .float : .int))
        case .string(let text): scalar(text)
        case .array(let elements): Node(elements.map { node($0) }, Tag(.seq), elements.isEmpty ? .flow : .block)
        case .object(let members):
            Node(
                members.map { (Node($0.name), node($0.value)) }, Tag(.map), members.isEmpty ? .flow : .block)
        }
    }

    /// A text that stays one: what looks like a number, a boolean or nothing is quoted.
    private static func scalar(_ text: String) -> Node {
        let plain = Node(text)
        let isPlain = Resolver.default.resolveTag(of: plain) == .str
        return Node(text, Tag(.str), isPlain ? .any : .doubleQuoted)
    }
}
