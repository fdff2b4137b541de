/// One mistake in a topology file.
package struct TopologyMistake: Equatable, Sendable, CustomStringConvertible {
    package var file: String
    /// 1 for the first line.
    package var line: Int
    /// `functions.loader.every`; empty where the mistake is in the file's syntax.
    package var key: String
    /// What is wrong and what would be right, without a final stop.
    package var detail: String

    /// `infra/topology.yaml:4: functions.loader.every: expected …`
    package var description: String { "\(file):\(line): \(key.isEmpty ? "" : "\(key): ")\(detail)" }
}

/// All the mistakes of a topology file, in the order of their lines. Never empty.
package struct TopologyMistakes: Error, Equatable, Sendable, CustomStringConvertible {
    package var mistakes: [TopologyMistake]

    /// One mistake a line.
    package var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
