import Model
import Yams

/// Reads the entries of one YAML mapping and collects every mistake with its line and key. Unknown entries are mistakes
/// too.
struct TopologyFields {
    let file: String
    /// Such as `functions.loader`; empty for the document.
    let path: String
    private(set) var mistakes: [TopologyMistake] = []
    private let line: Int
    private let entries: [(name: String, key: Node, value: Node)]
    private var asked: [String] = []

    /// Anything but a mapping is a mistake, and then every entry is absent.
    init(_ node: Node, path: String, file: String) {
        self.file = file
        self.path = path
        line = node.mark?.line ?? 1
        entries =
            node.mapping.map { $0.map { (name: $0.key.scalar?.string ?? "", key: $0.key, value: $0.value) } } ?? []
        if node.mapping == nil {
            mistakes.append(
                TopologyMistake(
                    file: file, line: line, key: path, detail: "expected a mapping, found \(Self.excerpt(node))"))
        }
    }

    /// All entries in the order of the file, for mappings whose names are free.
    mutating func all() -> [(name: String, value: Node)] {
        asked = entries.map(\.name)
        return entries.map { ($0.name, $0.value) }
    }

    func has(_ name: String) -> Bool { entries.contains { $0.name == name } }

    mutating func node(_ name: String) -> Node? {
        asked.append(name)
        return entries.first { $0.name == name }?.value
    }

    /// The entry as `read` converts it. Nil if it is absent; nil with a mistake if `read` returns nil.
    mutating func optional<Value>(_ name: String, _ expected: String, _ read: (Node) -> Value?) -> Value? {
        guard let node = node(name) else { return nil }
        if let value = read(node) { return value }
        fail(name, "expected \(expected), found \(Self.excerpt(node))")
        return nil
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        optional(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") { node in
            node.scalar.flatMap { Int($0.string) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func duration(_ name: String, in range: ClosedRange<Duration>) -> Duration? {
        optional(name, "a duration from \(range.lowerBound.text) to \(range.upperBound.text), such as 30s") { node in
            node.scalar.flatMap { Duration(text: $0.string) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Adds a mistake at an entry, or at the mapping if it has no such entry.
    mutating func fail(_ name: String, _ detail: String) {
        let entry = entries.first { $0.name == name }
        mistakes.append(
            TopologyMistake(
                file: file, line: entry?.key.mark?.line ?? line, key: path.isEmpty ? name : "\(path).\(name)",
                detail: detail))
    }

    mutating func add(_ more: [TopologyMistake]) { mistakes += more }

    /// Reports the entries that were never asked for; call it last.
    mutating func finish() {
        for entry in entries where !asked.contains(entry.name) {
            fail(entry.name, "unknown key; known here: \(asked.sorted().joined(separator: ", "))")
        }
    }

    private static func excerpt(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "`\(scalar.string.prefix(40))`"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
