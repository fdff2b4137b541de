import Lambda
import LocalRunner
import Model
import Processes
import Testing
import TopologyFile

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
        ("  mine: { queue: outcomes, runtime: lambda, command: [python3] }", ["2 functions.mine.queue"]),
        ("  mine: { queue: outcomes, runtime: other, command: [python3] }", ["2 functions.mine.runtime"]),
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

    /// Queues that functions of the next table name.
    private static let lambdaQueues = """
        queues:
          q: { kind: sqs, visibility: 30s, deadLetter: q-dead }
          f.fifo: { kind: sqs }
        """

    @Test(arguments: [
        ("queue: f.fifo, window: 1s", ["2 functions.mine.window"]),
        ("queue: f.fifo, batch: 11", ["2 functions.mine.batch"]),
        ("queue: q, batch: 11", ["2 functions.mine.batch"]),
        ("queue: q, batch: 11, window: 0s", ["2 functions.mine.window"]),
        ("queue: q, batch: 10001, window: 1s", ["2 functions.mine.batch"]),
        ("queue: q, window: 301s", ["2 functions.mine.window"]),
        ("queue: q, timeout: 31s", ["2 functions.mine.timeout"]),
        ("queue: q, timeout: 1500ms", ["2 functions.mine.timeout"]),
        ("queue: q, maxConcurrency: 1", ["2 functions.mine.maxConcurrency"]),
        ("queue: q, report: all", ["2 functions.mine.report"]),
        ("queue: q, filters: ['{']", ["2 functions.mine.filters"]),
        ("queue: q, filters: ['{\"body\":{\"a\":1}}']", ["2 functions.mine.filters"]),
        ("batch: 5", ["2 functions.mine.batch"]),
        ("queue: other", ["2 functions.mine.queue"]),
        ("queue: [q, q]", ["2 functions.mine.queue"]),
        ("reserved: 901", ["2 functions.mine"]),
        ("reserved: 1001", ["2 functions.mine.reserved"]),
        ("memory: 64Mi", ["2 functions.mine.memory"]),
        ("concurrency: 2", ["2 functions.mine.concurrency"]),
        ("environment: { AWS_REGION: x }", ["2 functions.mine.environment"]),
        ("freeze: often", ["2 functions.mine.freeze"]),
    ]) func `names line and key of what a Lambda function cannot be`(keys: String, expected: [String]) {
        let function = "  mine: { runtime: lambda, command: [python3], \(keys) }"
        #expect(mistakes("functions:\n\(function)\n\(Self.lambdaQueues)") == expected)
    }

    @Test(arguments: ["nowhere", "/nowhere/program", "./nowhere"])
    func `a command that does not exist is a mistake`(program: String) {
        let yaml = "functions:\n  mine: { runtime: lambda, command: [\(program)] }\n\(Self.lambdaQueues)"
        #expect(mistakes(yaml) == ["2 functions.mine.command"])
    }

    @Test func `what functions reserve together has a limit`() {
        let yaml = """
            functions:
              one: { runtime: lambda, command: [python3], reserved: 500 }
              two: { runtime: lambda, command: [python3], reserved: 401 }
            """
        #expect(mistakes(yaml + "\n" + Self.lambdaQueues) == ["3 functions.two"])
    }

    @Test(arguments: [
        ("  a: { kind: sqs, deadLetter: b.fifo }", ["3 queues.a"]),
        ("  a.fifo: { kind: sqs, deadLetter: b }", ["3 queues.a.fifo"]),
        ("  a: { kind: sqs, deadLetter: a }", ["3 queues.a"]),
        ("  a: { kind: sqs, deadLetter: b }\n  b: { kind: sqs, deadLetter: a }", ["3 queues.a", "4 queues.b"]),
        ("  a: { kind: sqs, maxReceives: 3 }", ["3 queues.a.maxReceives"]),
        ("  a: { kind: sqs, contentDedup: true }", ["3 queues.a.contentDedup"]),
        ("  a.fifo: { kind: sqs, dedupScope: all }", ["3 queues.a.fifo.dedupScope"]),
        ("  a: { kind: sqs, retention: 30s }", ["3 queues.a.retention"]),
        ("  a: { kind: sqs, delay: 901s }", ["3 queues.a.delay"]),
        ("  a: { kind: sqs, visibility: 1500ms }", ["3 queues.a.visibility"]),
        ("  a: { kind: sqs, shards: 2 }", ["3 queues.a.shards"]),
        ("  a: { kind: other }", ["3 queues.a.kind"]),
        ("  a b: { kind: sqs }", ["3 queues.a b"]),
    ]) func `names line and key of what an SQS queue cannot be`(queue: String, expected: [String]) {
        #expect(mistakes("functions: {}\nqueues:\n\(queue)\n") == expected)
    }

    @Test func `a function behind a queue needs five lines`() throws {
        let topology = try Topology(
            yaml: """
                functions:
                  hello: { queue: orders, runtime: lambda, command: [python3, -m, awslambdaric, handler.main] }
                queues:
                  orders: { kind: sqs }
                """, file: "t.yaml")
        let (function, lambda) = try #require(topology.lambdaFunctions.first)
        #expect(function.timeout == .seconds(3) && lambda.queues == ["orders"] && topology.queues.isEmpty)
        #expect(topology.sqsQueues.map(\.visibility) == [30])
        #expect(try lambda.mapping(of: "orders").batchSize == 10)
    }

    @Test func `Headgate's own functions run in Lambda on queues of three parts in SQS`() throws {
        let path = "\(Place.project)/Tests/Clients/lambda/headgate.yaml"
        let topology = try Topology(yaml: try #require(LocalFile.text(path)), file: path)
        #expect(topology.queues.map(\.isSQS) == [true, true])
        #expect(
            topology.sqsQueues.map(\.name) == [
                "triggers-dead", "triggers-lapsed", "triggers", "outcomes-dead", "outcomes-lapsed", "outcomes",
            ])
        #expect(topology.sqsQueues.allSatisfy { $0.retention == 14 * 86_400 && $0.visibility == 12 })
        #expect(topology.sqsQueues[2].deadLetter == "triggers-lapsed" && topology.sqsQueues[2].maxReceives == 30)
        let lambdas = topology.lambdaFunctions
        #expect(lambdas.map(\.lambda.queues) == [["triggers"], ["outcomes", "triggers-lapsed"]])
        #expect(lambdas.allSatisfy { $0.lambda.reportsItemFailures && $0.function.timeout == .seconds(10) })
    }

    @Test(arguments: [
        ("trigger-worker: { runtime: lambda, queue: triggers }", "triggers: { kind: sqs }", ["4 queues.triggers"]),
        (
            "trigger-worker: { queue: triggers }", "outcomes: { kind: sqs }",
            ["2 functions.trigger-worker.queue", "4 queues.outcomes"]
        ),
        ("historian: { runtime: lambda, queue: triggers }", both, ["2 functions.historian.queue"]),
        ("trigger-worker: { runtime: lambda }", both, ["2 functions.trigger-worker.queue"]),
        ("monitor: { runtime: lambda }", both, ["2 functions.monitor.runtime"]),
        ("step-worker: { runtime: lambda, queue: triggers }", both, ["2 functions.step-worker.runtime"]),
        (
            "trigger-worker: { runtime: lambda, queue: triggers, timeout: 31s }", both,
            ["2 functions.trigger-worker.timeout"]
        ),
        (
            "trigger-worker: { runtime: lambda, queue: triggers, batch: 100 }", both,
            ["2 functions.trigger-worker.batch"]
        ),
        ("loader: { every: 1s }", "\(both)\n  steps: { kind: sqs }", ["6 queues.steps.kind"]),
        (
            "loader: { every: 1s }",
            "triggers: { kind: sqs, deadLetter: d, delay: 1s, shards: 2 }\n  outcomes: { kind: sqs }",
            ["4 queues.triggers.deadLetter", "4 queues.triggers.delay", "4 queues.triggers.shards"]
        ),
        (
            "loader: { every: 1s }", "triggers: { kind: sqs, visibility: 1500ms }\n  outcomes: { kind: sqs }",
            ["4 queues.triggers.visibility"]
        ),
        (
            "trigger-worker: { runtime: lambda, queue: triggers, filters: ['{\"body\":{\"a\":[1]}}'] }", both,
            ["2 functions.trigger-worker.filters"]
        ),
        (
            "trigger-worker: { runtime: lambda, queue: triggers, timeout: 9s }", both,
            ["2 functions.trigger-worker.timeout"]
        ),
        (
            "trigger-worker: { runtime: lambda, queue: triggers, timeout: 20s, window: 11s }", both,
            ["2 functions.trigger-worker.window"]
        ),
        ("trigger-worker: { queue: triggers }", both, []),
        (
            "trigger-worker: { runtime: lambda, queue: triggers }\n  historian: { runtime: lambda, queue: outcomes }",
            both, []
        ),
    ]) func `names line and key of what own queues in SQS cannot be`(
        function: String, queues: String, expected: [String]
    ) {
        #expect(mistakes("functions:\n  \(function)\nqueues:\n  \(queues)\n") == expected)
    }
    private static let both = "triggers: { kind: sqs }\n  outcomes: { kind: sqs }"

    @Test func `every key of a Lambda function and of an SQS queue is read`() throws {
        let topology = try Topology(
            yaml: """
                functions:
                  mine: { queue: [orders], runtime: lambda, command: [python3, x.py], batch: 50, window: 2s, timeout: 30s,
                          memory: 256Mi, reserved: 20, maxConcurrency: 10, report: items, freeze: true, handler: a.b,
                          filters: ['{"body":{"kind":["order"]}}'], environment: { LEVEL: debug } }
                queues:
                  orders: { kind: sqs, visibility: 3m, maxReceives: 5, deadLetter: orders-dead, retention: 4d, delay: 1s }
                  ledger.fifo: { kind: sqs, contentDedup: true, dedupScope: group }
                """, file: "t.yaml")
        let (function, lambda) = try #require(topology.lambdaFunctions.first)
        var expected = FunctionSpecification.Lambda()
        expected.queues = ["orders"]
        expected.batch = 50
        expected.window = 2
        expected.maxConcurrency = 10
        expected.reportsItemFailures = true
        expected.filters = [#"{"body":{"kind":["order"]}}"#]
        expected.reserved = 20
        expected.handler = "a.b"
        expected.environment = ["LEVEL": "debug"]
        expected.freezes = true
        #expect(lambda == expected && function.memory == 256 << 20 && function.timeout == .seconds(30))
        #expect(
            topology.sqsQueues[0].attributes(deadLetterARN: "arn").description
                == #"{"VisibilityTimeout":"180","DelaySeconds":"1","MessageRetentionPeriod":"345600","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn\",\"maxReceiveCount\":5}"}"#
        )
        #expect(topology.sqsQueues[1].deduplicatesByContent && topology.sqsQueues[1].deduplicatesByGroup)
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
