import Model

/// A path of names, fields and literal indexes. Two that name the same are equal, however they are written: `a.b` and `a["b"]`.
struct ExpressionPath: Hashable {
    /// What follows the first name.
    enum Part: Hashable {
        case field(ExactText)
        case element(Int64)
    }

    /// A step, or `inputs`.
    let root: String
    private(set) var parts: [Part] = []

    /// The path that a node is; nil for anything else.
    init?(_ node: Expression.Node) {
        switch node.content {
        case .name(let name): root = name
        case .field(let operand, let name):
            guard let path = ExpressionPath(operand) else { return nil }
            self = path.appending(.field(ExactText(name)))
        case .element(let operand, let index):
            guard case .literal(let key) = index.content, let path = ExpressionPath(operand) else { return nil }
            switch key {
            case .int(let place): self = path.appending(.element(place))
            case .string(let name): self = path.appending(.field(ExactText(name)))
            default: return nil
            }
        default: return nil
        }
    }

    /// The path of a field of what this one names.
    func field(_ name: String) -> ExpressionPath { appending(.field(ExactText(name))) }

    private func appending(_ part: Part) -> ExpressionPath {
        var copy = self
        copy.parts.append(part)
        return copy
    }

    /// Whether this path is that one, or a part of what it names.
    func begins(with other: ExpressionPath) -> Bool { root == other.root && parts.starts(with: other.parts) }
}

extension ExpressionPath: CustomStringConvertible {
    /// As it is usually written: `train.model.uri`, `inputs.tags[0]`, `inputs["a b"]`.
    var description: String {
        parts.reduce(into: root) { text, part in
            switch part {
            case .field(let name): text += name.isWord ? ".\(name.text)" : "[\(JSON.string(name.text))]"
            case .element(let place): text += "[\(place)]"
            }
        }
    }
}

/// A text that equals another only if it has the same code points. Swift's `==` takes canonically equivalent texts for
/// equal, and CEL does not (cel-spec, "String and Bytes Values").
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    /// Whether it can be written behind a dot.
    fileprivate var isWord: Bool {
        text.utf8.first.map { !(48...57).contains($0) } ?? false
            && text.utf8.allSatisfy {
                (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 95
            }
    }
}
