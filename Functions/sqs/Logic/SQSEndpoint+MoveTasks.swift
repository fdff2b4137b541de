import Model
import SQS

/// Starting, cancelling and listing move tasks.
extension SQSEndpoint {
    private func queue(arn: String, _ name: String, _ context: Context) async throws -> QueueRecord {
        let missing = SQSError.resourceNotFound(
            "The resource that you specified for the \(name) parameter doesn't exist.")
        guard let address = QueueAddress(arn: arn) else {
            throw SQSError.invalid("You must use this format to specify the \(name): arn:aws:sqs:REGION:ACCOUNT:NAME")
        }
        try checkAccess(to: address, context)
        guard let record = try await store.record(of: address) else { throw missing }
        return record
    }

    func startMoveTask(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let rate = try parameters.optionalNumber("MaxNumberOfMessagesPerSecond", in: 1...500)
        let source = try await queue(arn: try parameters.text("SourceArn"), "SourceArn", context)
        guard !(try await sources(of: source.address, limit: 1)).isEmpty else {
            throw SQSError.invalid("Source queue must be configured as a Dead Letter Queue.")
        }
        var destination: QueueRecord?
        if let arn = parameters.optionalText("DestinationArn"), !arn.isEmpty {
            destination = try await queue(arn: arn, "DestinationArn", context)
        }
        if let destination {
            guard destination.address != source.address else {
                throw SQSError.invalid("Source queue and destination queue cannot be the same.")
            }
            guard destination.address.realm == source.address.realm,
                destination.settings.isFIFO == source.settings.isFIFO
            else {
                throw SQSError.invalid("Source and destination queues must be of the same type, account and region.")
            }
        }
        let counts = try await catalog.with(source.address) { try await store.counts(of: $0) }
        var random = SystemRandomNumberGenerator()
        let task = MoveTask(
            id: Identifier(high: random.next(), low: random.next()), source: source.address,
            destination: destination?.address, rate: rate, toMove: counts.visible, started: try await store.now())
        while true {
            let old = try await store.moveTasks(of: source.address)
            let tasks = MoveTask.list(old)
            guard !tasks.contains(where: { $0.status == .running }) else {
                throw SQSError.unsupported(
                    "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
                )
            }
            let new = MoveTask.text([task] + tasks)
            if try await store.replaceMoveTasks(of: source.address, old, with: new, isRunning: true) { break }
        }
        await wakeRunner()
        return ["TaskHandle": .string(task.handle)]
    }

    func cancelMoveTask(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let handle = try parameters.text("TaskHandle")
        guard let (id, source) = MoveTask.parse(handle: handle) else {
            throw SQSError.invalid(String(handle.prefix(200)), for: "TaskHandle", "It is not a task handle.")
        }
        try checkAccess(to: source, context)
        while true {
            let old = try await store.moveTasks(of: source)
            var tasks = MoveTask.list(old)
            guard let place = tasks.firstIndex(where: { $0.id == id }) else {
                throw SQSError.resourceNotFound("Task does not exist.")
            }
            guard tasks[place].status == .running else {
                throw SQSError.unsupported("Only active tasks can be cancelled")
            }
            tasks[place].status = .cancelled
            if try await store.replaceMoveTasks(of: source, old, with: MoveTask.text(tasks), isRunning: false) {
                return ["ApproximateNumberOfMessagesMoved": .integer(tasks[place].moved)]
            }
        }
    }

    func listMoveTasks(_ parameters: Parameters, _ context: Context) async throws -> JSON {
        let most = try parameters.optionalNumber("MaxResults", in: 1...MoveTask.kept) ?? 1
        let source = try await queue(arn: try parameters.text("SourceArn"), "SourceArn", context)
        let tasks = MoveTask.list(try await store.moveTasks(of: source.address)).prefix(most)
        return tasks.isEmpty ? .object([]) : ["Results": .array(tasks.map(\.document))]
    }
}
