package import Model

extension MappingRecord {
    /// The one element of `FunctionResponseTypes`.
    static let reportsItemFailures = "ReportBatchItemFailures"

    /// What the Lambda API answers. `LastModified` is in seconds since 1970, to the millisecond.
    package var json: JSON {
        let parts = functionARN.split(separator: ":", omittingEmptySubsequences: false).prefix(5)
        let responses: [JSON] = configuration.reportsItemFailures ? [.string(MappingRecord.reportsItemFailures)] : []
        var members = [
            JSON.Member("UUID", .string(uuid)), JSON.Member("BatchSize", .integer(configuration.batchSize)),
            JSON.Member("MaximumBatchingWindowInSeconds", .integer(configuration.window)),
            JSON.Member("EventSourceArn", .string(sourceARN)), JSON.Member("FunctionArn", .string(functionARN)),
            JSON.Member("FunctionResponseTypes", .array(responses)),
            JSON.Member("LastModified", .number(Double(modified.milliseconds) / 1_000)),
            JSON.Member("State", .string(state.rawValue)), JSON.Member("StateTransitionReason", "USER_INITIATED"),
            JSON.Member(
                "EventSourceMappingArn", .string(parts.joined(separator: ":") + ":event-source-mapping:" + uuid)),
        ]
        if !patterns.isEmpty {
            let filters = patterns.map { JSON.object([JSON.Member("Pattern", .string($0))]) }
            members.append(JSON.Member("FilterCriteria", ["Filters": .array(filters)]))
        }
        if let maximum = configuration.maximumConcurrency {
            members.append(JSON.Member("ScalingConfig", ["MaximumConcurrency": .integer(maximum)]))
        }
        return .object(members)
    }

    /// All of it, as it is kept in a file.
    package var stored: JSON {
        [
            "uuid": .string(uuid), "source": .string(sourceARN), "function": .string(functionARN),
            "batchSize": .integer(configuration.batchSize), "window": .integer(configuration.window),
            "maximumConcurrency": .optional(configuration.maximumConcurrency) { .integer($0) },
            "patterns": .array(patterns.map { .string($0) }),
            "reportsItemFailures": .bool(configuration.reportsItemFailures), "state": .string(state.rawValue),
            "isEnabled": .bool(isEnabled), "modified": .integer(modified.microseconds),
        ]
    }

    /// Reads what `stored` made; nil for anything else.
    package init?(stored: JSON) {
        guard let uuid = stored["uuid"]?.text, let source = stored["source"]?.text,
            let function = stored["function"]?.text, let batchSize = stored["batchSize"]?.int,
            let window = stored["window"]?.int, let patterns = stored["patterns"]?.elements,
            let reports = stored["reportsItemFailures"]?.flag,
            let state = stored["state"]?.text.flatMap(MappingState.init(rawValue:)),
            let isEnabled = stored["isEnabled"]?.flag, let modified = stored["modified"]?.int,
            case let texts = patterns.compactMap(\.text), texts.count == patterns.count,
            let configuration = try? MappingConfiguration(
                batchSize: batchSize, window: window, maximumConcurrency: stored["maximumConcurrency"]?.int,
                filters: texts, reportsItemFailures: reports, isFIFO: source.hasSuffix(".fifo"))
        else { return nil }
        self.init(
            uuid: uuid, sourceARN: source, functionARN: function, configuration: configuration, patterns: texts,
            state: state, isEnabled: isEnabled, modified: Timestamp(microseconds: Int64(modified)))
    }
}
