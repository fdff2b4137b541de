import LocalRunner
import Model
import Processes
import Testing

@Suite struct TopologyTests {
    private static let queues = "queues:\n  triggers: { shards: 4 }\n  outcomes: { shards: 4 }\n"

    private func mistakes(_ yaml: String) -> [String] {
        do {
            _ = try Topology(yaml: yaml, file: "t.yaml")
            return []
        } catch {
            return error.mistakes.map { "\($0.line) \($0.key)" }
        }
    }

    @Test func `the repository's own topology reads as it is meant`() throws {
        let path = "\(Place.project)/infra/topology.yaml"
        let topology = try Topology(yaml: try #require(LocalFile.text(path)), file: path)
        #expect(
            topology.functions.map(\.name) == [
                "loader", "trigger-worker", "step-worker", "historian", "flow-historian", "monitor",
            ])
        #expect(topology.scheduleShards == 16)
        guard case .pull(let pull) = topology.functions[1].work else { throw WrongKind() }
        #expect(pull.queues == ["triggers"] && pull.batch == 200 && pull.concurrency == 1...1)
        #expect(topology.functions[1].memory == 256 << 20)
        #expect(topology.queues.map(\.deadLetter) == ["triggers-dead", "outcomes-dead", "steps-dead"])
        #expect(topology.queues[0].json.description == #"{"shards":1,"visibility":"30s","maxReceives":30}"#)
    }

    struct WrongKind: Error {}

    @Test(arguments: [
        ("  loader: { every: 1s, shards: 0 }", ["2 functions.loader.shards"]),
        ("  loader: { every: 50ms }", ["2 functions.loader.every"]),
        ("  loader: { every: soon }", ["2 functions.loader.every"]),
        ("  loader: { evry: 1s }", ["2 functions.loader.every", "2 functions.loader.evry"]),
        ("  loader:\n    every: 1s\n    queue: triggers", ["4 functions.loader.queue"]),
        ("  loader: {}", ["2 functions.loader.every"]),
        ("  loader: 1s", ["2 functions.loader", "2 functions.loader.every"]),
        ("  historian: { queue: outcome }", ["2 functions.historian.queue"]),
        ("  historian: { queue: [outcomes, [x]] }", ["2 functions.historian.queue"]),
        ("  historian: { queue: outcomes, concurrency: 4..2 }", ["2 functions.historian.concurrency"]),
        ("  historian: { queue: outcomes, concurrency: 0..0 }", ["2 functions.historian.concurrency"]),
        ("  historian: { queue: outcomes, concurrency: 1..9999 }", ["2 functions.historian.concurrency"]),
        ("  historian: { queue: outcomes, batch: 1.5 }", ["2 functions.historian.batch"]),
        ("  historian: { queue: outcomes, memory: 256MB }", ["2 functions.historian.memory"]),
        ("  historian: { queue: outcomes, timeout: 1h }", ["2 functions.historian.timeout"]),
        ("  mine: { queue: outcomes }", ["2 functions.mine.command"]),
        ("  mine: { queue: outcomes, command: [] }", ["2 functions.mine.command"]),
        ("  mine: { queue: outcomes, runtime: lambda, command: [python3] }", ["2 functions.mine.runtime"]),
        ("  api: { every: 1s, command: [x] }", ["2 functions.api"]),
        ("  Loader_2: { every: 1s, command: [x] }", ["2 functions.Loader_2"]),
    ]) func `names line and key of a function's mistake`(function: String, expected: [String]) {
        #expect(mistakes("functions:\n\(function)\n\(Self.queues)") == expected)
    }

    @Test(arguments: [
        ("  a: { shards: 2000 }", ["3 queues.a.shards"]),
        ("  a: { visibility: 0s }", ["3 queues.a.visibility"]),
        ("  a: { maxReceives: many }", ["3 queues.a.maxReceives"]),
        ("  a: { deadLetter: b }\n  b: {}", ["3 queues.a"]),
        ("  triggers: { shards: 4 }\n  outcomes: { shards: 2 }", ["4 queues.outcomes"]),
        ("  a: { color: red }", ["3 queues.a.color"]),
    ]) func `names line and key of a queue's mistake`(queue: String, expected: [String]) {
        #expect(mistakes("functions: {}\nqueues:\n\(queue)\n") == expected)
    }

    @Test func `reports all mistakes together, in the order of their lines`() {
        let yaml = """
            functions:
              loader: { every: 0s, shrads: 3 }
              mine: { queue: nope }
            queues:
              triggers: { shards: x }
            extra: 1
            """
        #expect(
            mistakes(yaml) == [
                "2 functions.loader.every", "2 functions.loader.shrads", "3 functions.mine.command",
                "3 functions.mine.queue", "5 queues.triggers.shards", "6 extra",
            ])
    }

    @Test(arguments: [
        ("functions: [\n", 2), ("functions: {}\nfunctions: {}\nqueues: {}", 1), ("", 1), ("a:\n\tb: 1", 2), ("- 1", 1),
    ]) func `says in which line a file stops being YAML`(yaml: String, line: Int) throws {
        let error = #expect(throws: TopologyMistakes.self) { try Topology(yaml: yaml, file: "t.yaml") }
        let first = try #require(error?.mistakes.first)
        #expect(first.line == line)
        #expect(first.description.hasPrefix("t.yaml:\(line): "))
    }

    @Test func `a concurrency may be one number`() throws {
        let topology = try Topology(
            yaml: "functions:\n  historian: { queue: outcomes, concurrency: 3 }\n\(Self.queues)", file: "t.yaml")
        guard case .pull(let pull) = topology.functions[0].work else { throw WrongKind() }
        #expect(pull.concurrency == 3...3)
    }
}
