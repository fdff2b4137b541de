import FunctionRuntime
package import Lambda
package import Model
import Processes

extension LambdaService {
    /// The mappings as they are.
    package var eventSources: MappingCatalog { mappings }

    /// CreateEventSourceMapping.
    func createMapping(_ body: JSON) async throws -> MappingRecord {
        let reference = try FunctionReference(body["FunctionName"]?.text ?? "")
        let source = try await source(reference, queueARN: body["EventSourceArn"]?.text ?? "")
        let uuid = newID()
        return try apply(uuid) { mappings throws(LambdaError) in
            try mappings.create(body, uuid: uuid, source: source, now: self.now())
        }
    }

    /// UpdateEventSourceMapping.
    func updateMapping(_ uuid: String, _ body: JSON) async throws -> MappingRecord {
        let old = try mappings.mapping(uuid)
        let source: MappingSource
        if body["FunctionName"] == nil, body["Enabled"]?.flag == false {
            // A mapping whose function or queue is gone can be disabled.
            source = MappingSource(
                account: catalog.account, region: catalog.region, functionARN: old.functionARN, functionTimeout: 0,
                queueVisibility: nil)
        } else {
            let reference = try FunctionReference(body["FunctionName"]?.text ?? old.functionARN)
            source = try await self.source(reference, queueARN: old.sourceARN)
        }
        return try apply(uuid) { mappings throws(LambdaError) in
            try mappings.update(uuid, by: body, source: source, now: self.now())
        }
    }

    /// DeleteEventSourceMapping.
    func deleteMapping(_ uuid: String) throws -> MappingRecord {
        try apply(uuid) { mappings throws(LambdaError) in try mappings.delete(uuid, now: self.now()) }
    }

    /// A mapping of the topology: a queue of this account, and the function whose messages it invokes.
    package struct TopologyMapping: Sendable {
        /// The queue's ARN.
        package var queueARN: String
        /// The function's name.
        package var function: String
        /// As the body of CreateEventSourceMapping.
        package var settings: [JSON.Member]

        /// A mapping of these parts.
        package init(queueARN: String, function: String, settings: [JSON.Member]) {
            self.queueARN = queueARN
            self.function = function
            self.settings = settings
        }
    }

    /// Puts the mappings of the topology beside those that were created, and begins with all that are enabled.
    package func startMappings(_ wanted: [TopologyMapping]) async throws {
        // What passes when a runner ends has been carried out by that.
        for record in mappings.mappings where !record.state.isStable { mappings.settle(record.uuid) }
        let earlier = topologyMappings
        var kept: Set<String> = []
        for mapping in wanted {
            let arn = FunctionReference.arn(mapping.function, account: catalog.account, region: catalog.region)
            let body = JSON.object(
                [.init("EventSourceArn", .string(mapping.queueARN)), .init("FunctionName", .string(arn))]
                    + mapping.settings)
            let source = try await source(FunctionReference(arn), queueARN: mapping.queueARN)
            if let old = mappings.mappings.first(where: {
                $0.sourceARN == mapping.queueARN && $0.functionARN == arn
            }) {
                let update = JSON.object(mapping.settings + [.init("Enabled", true)])
                _ = try mappings.update(old.uuid, by: update, source: source, now: now())
                kept.insert(old.uuid)
            } else {
                kept.insert(try mappings.create(body, uuid: newID(), source: source, now: now()).uuid)
            }
        }
        for record in mappings.mappings where earlier.contains(record.uuid) && !kept.contains(record.uuid) {
            _ = try mappings.delete(record.uuid, now: now())
        }
        topologyMappings = kept
        try saveMappings()
        for record in mappings.mappings { carryOut(record.uuid) }
    }

    /// What a mapping connects, as it is now.
    private func source(_ reference: FunctionReference, queueARN: String) async throws -> MappingSource {
        let function = try catalog.configuration(reference)
        return MappingSource(
            account: catalog.account, region: catalog.region,
            functionARN: reference.arn(account: catalog.account, region: catalog.region),
            functionTimeout: function.timeout, queueVisibility: try await visibility(queueARN))
    }

    /// A queue's visibility timeout in seconds; nil: there is no such queue.
    private func visibility(_ arn: String) async throws -> Int? {
        guard let queue = QueueReference(arn: arn) else { return nil }
        do {
            let answer = try await queues.call(
                "GetQueueAttributes",
                ["QueueUrl": .string(queue.url), "AttributeNames": ["VisibilityTimeout"]], region: queue.region)
            return answer["Attributes"]?["VisibilityTimeout"]?.text.flatMap { Int($0) }
        } catch let error as QueueServiceError where error.type == "QueueDoesNotExist" {
            return nil
        }
    }

    /// The queue's visibility timeout, or the default while it cannot be read: the mapping then waits for its queue.
    private func visibilityToBeginWith(_ arn: String) async -> Duration {
        do {
            if let seconds = try await visibility(arn) { return .seconds(seconds) }
        } catch {
            configuration.report("the visibility timeout of \(arn) cannot be read: \(error)")
        }
        return .seconds(30)
    }

    private func apply(
        _ uuid: String, _ body: (inout MappingCatalog) throws(LambdaError) -> MappingRecord
    ) throws -> MappingRecord {
        let before = mappings
        let record = try body(&mappings)
        do {
            try saveMappings()
        } catch {
            mappings = before
            throw error
        }
        carryOut(uuid)
        return record
    }

    private func saveMappings() throws {
        let json: JSON = [
            "mappings": .array(mappings.mappings.map(\.stored)),
            "topology": .array(topologyMappings.sorted().map { .string($0) }),
        ]
        try LocalFile.write(json.description, to: "\(configuration.folder)/mappings.json")
    }

    /// Ends what runs of a mapping, and starts it as it is to be.
    private func carryOut(_ uuid: String) {
        let former = mappingRunners[uuid]
        let work = Task {
            if let former {
                await former.stop()
                _ = await former.ended.wait()
            }
            await begin(uuid)
        }
        mappingTasks[uuid] = work
    }

    private func begin(_ uuid: String) async {
        mappingRunners[uuid] = nil
        guard let record = try? mappings.mapping(uuid), !isStopping else { return }
        if record.isEnabled, let queue = QueueReference(arn: record.sourceARN),
            let reference = try? FunctionReference(record.functionARN)
        {
            let visibility = await visibilityToBeginWith(record.sourceARN)
            if isStopping { return }
            let runner = MappingRunner(
                record.configuration, queue: queue, queueARN: record.sourceARN, visibility: visibility,
                queues: queues, report: configuration.report
            ) { [self] event in await invokeBatch(reference, event) }
            mappingRunners[uuid] = runner
            await runner.start()
        }
        mappings.settle(uuid)
        do {
            try saveMappings()
        } catch {
            configuration.report("the state of mapping \(uuid) is not kept: \(error)")
        }
    }

    private func invokeBatch(_ reference: FunctionReference, _ event: [UInt8]) async -> BatchOutcome {
        do {
            let answer = try await invoke(reference, InvokeRequest(payload: event))
            return answer.result.isFailure ? .failed : .answered(answer.result.payload)
        } catch {
            if error.status == 429 { return .throttled }
            configuration.report("\(reference.name) is not invoked: \(error.message)")
            return .unavailable
        }
    }

    /// Ends all mappings; what functions have may last so long.
    func stopMappings(grace: Duration) async {
        let all = Array(mappingRunners.values)
        for runner in all { await runner.stop() }
        await OneShot.wait(for: all.map(\.ended), atMost: grace)
    }
}
