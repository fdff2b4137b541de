import Glibc
import Lambda
import LambdaHost
import Model
import Processes
import TopologyFile

extension Up {
    /// Whether Lambda and SQS are served: they are asked for, or the topology needs them.
    var servesLambda: Bool {
        configuration.lambdaPort != nil || !topology.lambdaFunctions.isEmpty || !topology.sqsQueues.isEmpty
    }
    var servesSQS: Bool { configuration.sqsPort != nil || servesLambda }

    /// Starts Lambda with the functions and queues of the topology; returns the address of its API, and the SQS API in this
    /// process.
    func startLambda(
        _ functions: FunctionSettings, sqs: String, in group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws -> (address: String, queues: any QueueService) {
        let port = try freePort(configuration.lambdaPort ?? 0, "--lambda-port")
        let queues = try await cloud.queues(functions.redis, configuration.account, configuration.region) {
            console.say($0)
        }
        group.addTask { await queues.run() }
        let lambda = "http://127.0.0.1:\(port)"
        var settings = LambdaService.Configuration(folder: "\(data)/lambda")
        settings.account = configuration.account
        settings.region = configuration.region
        settings.variables = variables(lambda: lambda, sqs: sqs)
        for (function, _) in topology.lambdaFunctions where function.command == nil {
            settings.hiddenVariables[function.name] = functions.variables(ofLambda: function)
        }
        settings.log = { [console] environment, line, id in
            console.print(line, from: environment, requestID: id)
        }
        settings.report = { [console] in console.say("lambda: \($0)") }
        let service = try LambdaService(settings, queues: queues, fleet: environments)
        let folder = topologyFolder
        self.lambda.resolve(service)
        do {
            try await service.define(
                topology.lambdaFunctions.map { function, lambda in
                    (definition(of: function, lambda, folder: folder), lambda.reserved)
                })
            try await makeQueues(queues)
            await service.start()
            try await service.startMappings(topology.lambdaFunctions.flatMap { mappings($0.function, $0.lambda) })
        } catch let error as LambdaError {
            throw RunnerError(
                .setup,
                "\(configuration.topology) does not go with what was created by the Lambda API: \(error.message)")
        }
        group.addTask { try await LambdaServer(service).run(port: port) { _ in } }
        try await waitUntilReady("\(lambda)/2016-08-19/account-settings", "the Lambda API")
        return (lambda, queues)
    }

    /// The depth of Headgate's own queues in SQS, for pull functions.
    func depths(in queues: any QueueService) async throws -> [String: QueueDepth] {
        var depths: [String: QueueDepth] = [:]
        for queue in topology.queues where queue.isSQS {
            let answer = try await queues.call(
                "GetQueueAttributes",
                [
                    "QueueUrl": .string("http://localhost/\(configuration.account)/\(queue.name)"),
                    "AttributeNames": ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
                ], region: configuration.region)
            func count(_ name: String) -> Int { answer["Attributes"]?[name]?.text.flatMap { Int($0) } ?? 0 }
            depths[queue.name] = QueueDepth(
                ready: count("ApproximateNumberOfMessages"), inFlight: count("ApproximateNumberOfMessagesNotVisible"))
        }
        return depths
    }

    /// Lets invocations end within the grace, or until `hurry` resolves, and ends all environments.
    func stopLambda(hurry: OneShot<Void>) async {
        guard let lambda = lambda.value else { return }
        let hurried = Task { if await hurry.wait() != nil { await lambda.stop(grace: .zero) } }
        await lambda.stop(grace: configuration.grace)
        hurried.cancel()
    }

    /// What functions find in their environment beside what Lambda defines: where the services are, and a key, which nobody
    /// checks.
    private func variables(lambda: String, sqs: String) -> [String: String] {
        var variables = [
            "AWS_ACCESS_KEY_ID": configuration.account, "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_ENDPOINT_URL_SQS": sqs, "AWS_ENDPOINT_URL_LAMBDA": lambda, "LANG": "en_US.UTF-8",
        ]
        for name in ["PATH", "HOME", "PYTHONPATH", "LD_LIBRARY_PATH"] {
            variables[name] = configuration.environment[name]
        }
        return variables
    }

    /// The folder of the topology file, where functions run.
    private var topologyFolder: String {
        let path = LocalFile.absolute(configuration.topology) ?? configuration.topology
        return "/" + path.split(separator: "/").dropLast().joined(separator: "/")
    }

    private func definition(
        of function: FunctionSpecification, _ lambda: FunctionSpecification.Lambda, folder: String
    ) -> FunctionConfiguration {
        var random = SystemRandomNumberGenerator()
        let programs = LocalFile.absolute(configuration.functions) ?? configuration.functions
        let command = function.command ?? ["\(programs)/\(function.name)"]
        var definition = FunctionConfiguration(
            name: function.name, command: command, modified: cloud.now(), revision: .v4(using: &random))
        // `python3 -m awslambdaric module.function` names the handler itself.
        let isPython = command.contains("awslambdaric")
        definition.handler = lambda.handler ?? (isPython ? command.last ?? "" : definition.handler)
        definition.timeout = Int(function.timeout.microseconds / 1_000_000)
        definition.memory = function.memory.map { max(LambdaLimits.memory.lowerBound, $0 >> 20) } ?? definition.memory
        definition.environment = lambda.environment
        definition.isFrozenBetweenInvocations = lambda.freezes
        definition.code = FunctionCode(sha256: "", bytes: 0, location: folder)
        return definition
    }

    private func mappings(
        _ function: FunctionSpecification, _ lambda: FunctionSpecification.Lambda
    ) -> [LambdaService.TopologyMapping] {
        lambda.queues.map { queue in
            let filters = lambda.filters.map { JSON.object([.init("Pattern", .string($0))]) }
            let settings: [JSON.Member] = [
                // Given always: a mapping that is there already keeps what is not named.
                .init("BatchSize", .integer(lambda.batch ?? 10)),
                .init("MaximumBatchingWindowInSeconds", .integer(lambda.window)),
                .init("FunctionResponseTypes", lambda.reportsItemFailures ? ["ReportBatchItemFailures"] : []),
                .init("FilterCriteria", ["Filters": .array(filters)]),
                .init(
                    "ScalingConfig",
                    .object(lambda.maxConcurrency.map { [.init("MaximumConcurrency", .integer($0))] } ?? [])),
            ]
            return LambdaService.TopologyMapping(
                queueARN: "arn:aws:sqs:\(configuration.region):\(configuration.account):\(queue)",
                function: function.name, settings: settings)
        }
    }

    // MARK: Queues

    /// Makes the queues of the topology, or sets what has changed of them: dead-letter queues first.
    private func makeQueues(_ queues: any QueueService) async throws {
        var made: Set<String> = []
        var waiting = topology.sqsQueues
        for queue in topology.sqsQueues {
            guard let target = queue.deadLetter, !waiting.contains(where: { $0.name == target }) else { continue }
            waiting.append(SQSQueueSpecification(name: target))
        }
        while !waiting.isEmpty {
            let ready = waiting.filter { queue in queue.deadLetter.map { made.contains($0) } ?? true }
            guard !ready.isEmpty else { preconditionFailure("a circle of dead-letter queues was accepted") }
            for queue in ready {
                try await make(queue, queues)
                made.insert(queue.name)
            }
            waiting.removeAll { made.contains($0.name) }
        }
    }

    private func make(_ queue: SQSQueueSpecification, _ queues: any QueueService) async throws {
        let region = configuration.region
        let arn = queue.deadLetter.map { "arn:aws:sqs:\(region):\(configuration.account):\($0)" }
        let attributes = queue.attributes(deadLetterARN: arn)
        let fifo = queue.isFIFO ? [JSON.Member("FifoQueue", "true")] : []
        do {
            _ = try await queues.call(
                "CreateQueue",
                ["QueueName": .string(queue.name), "Attributes": .object((attributes.members ?? []) + fifo)],
                region: region)
        } catch let error as QueueServiceError where error.type == "QueueNameExists" {
            _ = try await queues.call(
                "SetQueueAttributes",
                [
                    "QueueUrl": .string("http://localhost/\(configuration.account)/\(queue.name)"),
                    "Attributes": attributes,
                ], region: region)
        } catch let error as QueueServiceError {
            throw RunnerError(.setup, "cannot make the queue \(queue.name): \(error)")
        }
    }
}
