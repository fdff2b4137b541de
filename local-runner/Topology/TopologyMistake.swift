/// One mistake in a topology file.
package struct TopologyMistake: Equatable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1.
    package var line: Int
    /// Such as `functions.loader.every`; empty if the file is not valid YAML.
    package var key: String
    /// What is wrong and what would be right, without a full stop.
    package var detail: String

    /// `infra/topology.yaml:4: functions.loader.every: expected …`
    package var description: String { "\(file):\(line): \(key.isEmpty ? "" : "\(key): ")\(detail)" }
}

/// All the mistakes of a topology file, in the order of lines. Never empty.
package struct TopologyMistakes: Error, Equatable, Sendable, CustomStringConvertible {
    package var mistakes: [TopologyMistake]

    /// These mistakes; at least one.
    package init(mistakes: [TopologyMistake]) { self.mistakes = mistakes }

    /// One mistake per line.
    package var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
