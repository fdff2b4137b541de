import Model
import Yams

extension Topology {
    /// Reads the text of a topology file; throws all its mistakes at once.
    ///
    /// - Parameter file: the file's name, for the mistakes.
    package init(yaml: String, file: String) throws(TopologyMistakes) {
        var reader = TopologyReader(file: file)
        let topology = reader.read(yaml)
        guard reader.mistakes.isEmpty, let topology else {
            throw TopologyMistakes(mistakes: reader.mistakes.sorted { $0.line < $1.line })
        }
        self = topology
    }
}

/// Turns a YAML document into a `Topology` and a list of mistakes.
struct TopologyReader {
    let file: String
    var mistakes: [TopologyMistake] = []
    private var sqsQueues: [SQSQueueSpecification] = []

    init(file: String) { self.file = file }

    mutating func read(_ yaml: String) -> Topology? {
        let root: Node
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                mistakes.append(TopologyMistake(file: file, line: 1, key: "", detail: "the file is empty"))
                return nil
            }
            root = node
        } catch {
            mistakes.append(TopologyReader.mistake(of: error, file: file))
            return nil
        }
        var fields = TopologyFields(root, path: "", file: file)
        if !fields.has("functions") { fields.fail("functions", "is required: the functions to run, by name") }
        if !fields.has("queues") { fields.fail("queues", "is required: the queues, by name") }
        let queues = fields.node("queues").map { readQueues($0) } ?? []
        let functions = fields.node("functions").map { readFunctions($0, queues: queues) } ?? []
        fields.finish()
        mistakes += fields.mistakes
        var topology = Topology(functions: functions, queues: queues, sqsQueues: sqsQueues)
        topology.file = file
        TopologyReader.lines(of: root, at: "", into: &topology.lines)
        return topology
    }

    private static func lines(of node: Node, at path: String, into lines: inout [String: Int]) {
        for (key, value) in node.mapping ?? [:] {
            guard let name = key.scalar?.string else { continue }
            let own = path.isEmpty ? name : "\(path).\(name)"
            lines[own] = key.mark?.line
            TopologyReader.lines(of: value, at: own, into: &lines)
        }
    }

    // MARK: Queues

    private mutating func readQueues(_ node: Node) -> [QueueSpecification] {
        var fields = TopologyFields(node, path: "queues", file: file)
        var queues: [QueueSpecification] = []
        for (name, value) in fields.all() {
            var own = TopologyFields(value, path: "queues.\(name)", file: file)
            let kind = own.optional("kind", "sqs, or nothing for a queue of Headgate's own") { node in
                node.scalar?.string == "sqs" ? true : nil
            }
            if kind == true, TopologyReader.ownQueues.contains(name) {
                if let queue = readOwnSQSQueue(name, &own) {
                    queues.append(queue)
                    sqsQueues += SQSQueueSpecification.parts(of: queue)
                }
            } else if kind == true {
                if !TopologyReader.isSQSName(name) {
                    fields.fail(name, "the name of a queue of kind sqs is \(TopologyReader.sqsNameRule)")
                }
                sqsQueues.append(readSQSQueue(name, &own))
            } else {
                if !TopologyReader.isName(name) { fields.fail(name, "a queue's name is \(TopologyReader.nameRule)") }
                queues.append(readQueue(name, &own))
            }
            own.finish()
            mistakes += own.mistakes
        }
        checkDeadLetters(sqsQueues, &fields)
        for queue in queues where queues.contains(where: { $0.name == queue.deadLetter }) {
            fields.fail(queue.name, "its dead letters need a name of their own: \(queue.deadLetter) is a queue")
        }
        checkOwnSQSQueues(queues, &fields)
        // Settling a trigger and sending its outcome is one atomic step, which needs both queues in one slot of Redis.
        if let triggers = queues.first(where: { $0.name == "triggers" }),
            let outcomes = queues.first(where: { $0.name == "outcomes" }), triggers.shards != outcomes.shards,
            !triggers.isSQS, !outcomes.isSQS
        {
            fields.fail(
                "outcomes",
                "needs as many shards as triggers (\(triggers.shards)), which is settled into it; has \(outcomes.shards)"
            )
        }
        mistakes += fields.mistakes
        return queues
    }

    private func readQueue(_ name: String, _ fields: inout TopologyFields) -> QueueSpecification {
        var queue = QueueSpecification(name: name)
        if let shards = fields.integer("shards", in: 1...1_024) { queue.shards = shards }
        if let visibility = fields.duration("visibility", in: .seconds(1) ... .seconds(43_200)) {
            queue.visibility = visibility
        }
        if let maxReceives = fields.integer("maxReceives", in: 1...1_000) { queue.maxReceives = maxReceives }
        let deadLetter = fields.optional("deadLetter", "a name: \(TopologyReader.nameRule)") { node in
            node.scalar.flatMap { TopologyReader.isName($0.string) ? $0.string : nil }
        }
        if let deadLetter { queue.deadLetter = deadLetter }
        return queue
    }

    // MARK: Functions

    private mutating func readFunctions(_ node: Node, queues: [QueueSpecification]) -> [FunctionSpecification] {
        var fields = TopologyFields(node, path: "functions", file: file)
        var functions: [FunctionSpecification] = []
        for (name, value) in fields.all() {
            if !TopologyReader.isName(name) { fields.fail(name, "a function's name is \(TopologyReader.nameRule)") }
            if name == "api" { fields.fail(name, "the API always runs; it is not part of a topology") }
            if let function = readFunction(name, value, queues: queues) { functions.append(function) }
        }
        checkReservations(functions, &fields)
        mistakes += fields.mistakes
        return functions
    }

    private mutating func readFunction(
        _ name: String, _ node: Node, queues: [QueueSpecification]
    ) -> FunctionSpecification? {
        var fields = TopologyFields(node, path: "functions.\(name)", file: file)
        defer { mistakes += fields.mistakes }
        let runtime = fields.optional("runtime", "pull or lambda") { node in
            node.scalar.flatMap { ["pull", "lambda"].contains($0.string) ? $0.string : nil }
        }
        let command = fields.optional("command", "a list of texts: the program and its arguments", TopologyReader.texts)
        if command?.isEmpty == true { fields.fail("command", "is empty: name the program") }
        if command == nil, !fields.has("command"), !FunctionSpecification.builtIn.contains(name) {
            fields.fail(
                "command",
                "is required: \(name) is none of the built-in functions "
                    + "(\(FunctionSpecification.builtIn.joined(separator: ", ")))")
        }
        let timeout = fields.duration("timeout", in: .seconds(1) ... .seconds(900))
        let memory = fields.optional("memory", "a size such as 256Mi, from 16Mi to 64Gi", TopologyReader.size)
        let isLambda = runtime == "lambda"
        if isLambda { checkLambdaProgram(command, memory, &fields) }
        let isOwn = command == nil && FunctionSpecification.builtIn.contains(name)
        let standard: Duration = !isLambda ? .seconds(300) : isOwn ? .seconds(30) : .seconds(3)
        let work =
            isLambda
            ? .lambda(
                readLambda(name, &fields, timeout: timeout ?? standard, queues: sqsQueues, isOwn: isOwn))
            : readWork(&fields, queues: queues)
        fields.finish()
        guard let work else { return nil }
        var function = FunctionSpecification(name: name, work: work)
        function.timeout = timeout ?? standard
        function.memory = memory
        function.command = command
        return function
    }

    /// `every` makes a function resident, `queue` makes it pull; each has further keys of its own.
    private func readWork(_ fields: inout TopologyFields, queues: [QueueSpecification]) -> FunctionSpecification.Work? {
        switch (fields.has("every"), fields.has("queue")) {
        case (true, true):
            fields.fail("queue", "a function has either `every` or `queue`")
            for key in ["every", "queue", "shards", "batch", "window", "concurrency"] { _ = fields.node(key) }
            return nil
        case (false, false):
            fields.fail("every", "`every` or `queue` is required: what makes the function run")
            for key in ["every", "queue", "shards", "batch", "window", "concurrency"] { _ = fields.node(key) }
            return nil
        case (true, false):
            let every = fields.duration("every", in: .milliseconds(100) ... .seconds(86_400))
            let shards = fields.integer("shards", in: 1...1_024)
            return every.map { .resident(every: $0, shards: shards) }
        case (false, true): return readPull(&fields, queues: queues)
        }
    }

    private func readPull(_ fields: inout TopologyFields, queues: [QueueSpecification]) -> FunctionSpecification.Work? {
        let names = fields.optional("queue", "a queue's name, or a list of them") { node in
            node.scalar.map { [$0.string] } ?? TopologyReader.texts(node)
        }
        for name in names ?? [] where !queues.contains(where: { $0.name == name }) {
            let known = queues.map(\.name).joined(separator: ", ")
            fields.fail("queue", "there is no queue `\(name)`; `queues` has: \(known.isEmpty ? "none" : known)")
        }
        if names?.isEmpty == true { fields.fail("queue", "is empty: name a queue") }
        let batch = fields.integer("batch", in: 1...10_000)
        let window = fields.duration("window", in: .zero ... .seconds(300))
        let concurrency = fields.optional(
            "concurrency", "a number or a range such as 2..4, from 0 to 1250, the maximum at least 1",
            TopologyReader.range)
        guard let names else { return nil }
        var pull = FunctionSpecification.Pull(queues: names)
        if let batch { pull.batch = batch }
        if let window { pull.window = window }
        if let concurrency { pull.concurrency = concurrency }
        return .pull(pull)
    }

    // MARK: Values

    static let nameRule = "1 to 63 of a-z 0-9 -, beginning with a letter"

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (97...122).contains(first), text.utf8.count <= 63 else { return false }
        return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }

    static func texts(_ node: Node) -> [String]? {
        guard let sequence = node.sequence else { return nil }
        let texts = sequence.compactMap { $0.scalar?.string }
        return texts.count == sequence.count ? texts : nil
    }

    /// `4` or `2..4`.
    private static func range(_ node: Node) -> ClosedRange<Int>? {
        guard let text = node.scalar?.string else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bounds: (Int?, Int?) =
            switch parts.count {
            case 1: (Int(parts[0]), Int(parts[0]))
            case 3 where parts[1].isEmpty: (Int(parts[0]), Int(parts[2]))
            default: (nil, nil)
            }
        guard let low = bounds.0, let high = bounds.1, low >= 0, low <= high, high >= 1, high <= 1_250 else {
            return nil
        }
        return low...high
    }

    /// `256Mi` or `1Gi`, in bytes.
    private static func size(_ node: Node) -> Int? {
        guard let text = node.scalar?.string, let amount = Int(text.dropLast(2)), amount > 0, amount <= 65_536 else {
            return nil
        }
        let unit = text.hasSuffix("Mi") ? 1 << 20 : text.hasSuffix("Gi") ? 1 << 30 : 0
        let bytes = amount * unit
        return (16 << 20...64 << 30).contains(bytes) ? bytes : nil
    }

    private static func mistake(of error: any Error, file: String) -> TopologyMistake {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            TopologyMistake(file: file, line: mark.line, key: "", detail: "not YAML: \(problem)")
        case YamlError.duplicatedKeysInMapping(let duplicates, let context):
            TopologyMistake(
                file: file, line: context.mark.line, key: duplicates.first ?? "", detail: "stands there more than once")
        default: TopologyMistake(file: file, line: 1, key: "", detail: "not YAML: \(error)")
        }
    }
}
