import Glibc
import Lambda
import Model
import Processes
import Yams

/// Functions that run as on AWS Lambda.
extension TopologyReader {
    mutating func readLambda(
        _ name: String, _ fields: inout TopologyFields, timeout: Duration, queues: [SQSQueueSpecification],
        isOwn: Bool
    ) -> FunctionSpecification.Lambda {
        var lambda = FunctionSpecification.Lambda()
        if timeout.microseconds % 1_000_000 != 0 { fields.fail("timeout", "Lambda knows whole seconds only") }
        lambda.reserved = fields.integer("reserved", in: 0...LambdaLimits.concurrency)
        lambda.freezes = fields.optional("freeze", "true or false") { $0.bool } ?? false
        lambda.handler = fields.optional("handler", "a text such as module.function") { $0.scalar?.string }
        lambda.environment = fields.optional("environment", "texts by name", TopologyReader.variables) ?? [:]
        do {
            try FunctionEnvironment.check(lambda.environment)
        } catch {
            fields.fail("environment", error.message)
        }
        let names = fields.optional("queue", "a queue's name, or a list of them") { node in
            node.scalar.map { [$0.string] } ?? TopologyReader.texts(node)
        }
        lambda.queues = names ?? []
        if isOwn { lambda.queues = ownQueues(of: name, lambda.queues, &fields) }
        if Set(lambda.queues).count < lambda.queues.count { fields.fail("queue", "names a queue twice") }
        for queue in lambda.queues {
            guard let found = queues.first(where: { $0.name == queue }) else {
                let known = queues.map(\.name).joined(separator: ", ")
                fields.fail(
                    "queue",
                    "there is no queue `\(queue)` of kind sqs; `queues` has: \(known.isEmpty ? "none" : known)")
                continue
            }
            if .seconds(found.visibility) < timeout {
                fields.fail(
                    "timeout",
                    "\(timeout.text) is longer than the visibility of \(queue) (\(found.visibility)s): a message would be "
                        + "given out again while the function still has it; AWS advises six times the timeout")
            }
        }
        readMapping(&fields, &lambda)
        // Headgate's own functions name what they could not settle.
        if isOwn {
            lambda.reportsItemFailures = true
            checkOwn(&fields, lambda, timeout: timeout, queues: queues)
        }
        for key in ["every", "shards", "concurrency"] where fields.has(key) {
            _ = fields.node(key)
            fields.fail(key, "is not a key of lambda functions, which run as often as they are invoked")
        }
        return lambda
    }

    /// What would lose triggers of Headgate's own functions, or never let a call begin.
    private func checkOwn(
        _ fields: inout TopologyFields, _ lambda: FunctionSpecification.Lambda, timeout: Duration,
        queues: [SQSQueueSpecification]
    ) {
        if lambda.reserved == 0 { fields.fail("reserved", "0 would let it never run") }
        if fields.has("filters") { fields.fail("filters", "would delete triggers or outcomes that match none") }
        if timeout < .seconds(10) { fields.fail("timeout", "\(timeout.text) is too short for calls: at least 10s") }
        for queue in queues where lambda.queues.contains(queue.name) && lambda.window > 0 {
            if .seconds(queue.visibility) < timeout + .seconds(lambda.window) {
                fields.fail(
                    "window",
                    "with `timeout` it is longer than the visibility of \(queue.name) (\(queue.visibility)s): a message would be given out again during its call"
                )
                return
            }
        }
    }

    /// What an own function can be invoked by. The historian also takes what was received too often.
    private func ownQueues(of name: String, _ named: [String], _ fields: inout TopologyFields) -> [String] {
        let possible = ["trigger-worker": ["triggers"], "historian": ["outcomes", "triggers-lapsed"]]
        guard let queues = possible[name] else {
            fields.fail("runtime", "\(name) cannot be a lambda function: no queue of kind sqs invokes it")
            return []
        }
        if named.isEmpty || !Set(named).isSubset(of: queues) {
            fields.fail("queue", "as a lambda function \(name) works on \(queues[0]), a queue of kind sqs")
        }
        return queues
    }

    /// The program is looked for where the function will look for it: by `PATH`, or from the folder of the file.
    func checkLambdaProgram(_ command: [String]?, _ memory: Int?, _ fields: inout TopologyFields) {
        let folder = file.contains("/") ? String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]) : "."
        let search = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        if let program = command?.first, LocalFile.program(program, from: folder, search: search) == nil {
            let place = program.contains("/") ? folder.isEmpty ? "/" : folder : "PATH"
            fields.fail("command", "there is no program `\(program)` that can be run, looked for from \(place)")
        }
        if let memory, !LambdaLimits.memory.contains(memory >> 20) {
            fields.fail(
                "memory",
                "Lambda has from \(LambdaLimits.memory.lowerBound)Mi to \(LambdaLimits.memory.upperBound)Mi")
        }
    }

    /// What an event source mapping has.
    private mutating func readMapping(_ fields: inout TopologyFields, _ lambda: inout FunctionSpecification.Lambda) {
        lambda.batch = fields.integer("batch", in: 1...10_000)
        let window = fields.duration("window", in: .zero ... .seconds(300))
        lambda.window = window.map { Int(($0.microseconds + 999_999) / 1_000_000) } ?? 0
        lambda.maxConcurrency = fields.integer("maxConcurrency", in: 2...1_000)
        let report = fields.optional("report", "items") { $0.scalar?.string == "items" ? true : nil }
        lambda.reportsItemFailures = report ?? false
        lambda.filters =
            fields.optional("filters", "a list of patterns, each a text of JSON", TopologyReader.texts) ?? []
        if lambda.queues.isEmpty {
            for key in ["batch", "window", "maxConcurrency", "report", "filters"] where fields.has(key) {
                fields.fail(key, "needs `queue`: the queue whose messages invoke the function")
            }
            return
        }
        for pattern in lambda.filters {
            do {
                _ = try FilterPattern(pattern)
            } catch {
                fields.fail("filters", "\(error.message) \(pattern.prefix(80))")
                return
            }
        }
        for queue in lambda.queues {
            do {
                _ = try lambda.mapping(of: queue)
            } catch {
                let isWindow = error.message.lowercased().contains("window")
                fields.fail(
                    isWindow && fields.has("window") ? "window" : fields.has("batch") ? "batch" : "queue",
                    "\(error.message) (queue \(queue))")
            }
        }
    }

    /// What cannot be said of one function alone.
    func checkReservations(_ functions: [FunctionSpecification], _ fields: inout TopologyFields) {
        var sum = 0
        let most = LambdaLimits.concurrency - LambdaLimits.unreservedConcurrency
        for function in functions {
            guard case .lambda(let lambda) = function.work, let reserved = lambda.reserved else { continue }
            sum += reserved
            if sum > most {
                fields.fail(
                    function.name,
                    "with its `reserved` (\(reserved)) functions reserve \(sum) of the account's "
                        + "\(LambdaLimits.concurrency); \(LambdaLimits.unreservedConcurrency) must stay for the others")
                return
            }
        }
    }

    private static func variables(_ node: Node) -> [String: String]? {
        guard let mapping = node.mapping else { return nil }
        var variables: [String: String] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, let text = value.scalar?.string else { return nil }
            variables[name] = text
        }
        return variables
    }
}
