import Model

/// The body of a call that makes or changes a mapping: what it names of the settings. What it names empty is removed.
struct MappingRequest {
    /// What mappings of other sources have, and those of queues have not (row 38).
    private static let ofStreams = [
        "ParallelizationFactor", "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
        "TumblingWindowInSeconds",
    ]

    private let body: RequestBody
    private let batchSize: Int?
    private let window: Int?
    private let scaling: RequestBody?
    private let maximumConcurrency: Int?
    private let responseTypes: [String]?
    let isEnabled: Bool?
    let patterns: [String]?

    init(_ json: JSON) throws(LambdaError) {
        body = try RequestBody(json)
        batchSize = try body.int("BatchSize")
        window = try body.int("MaximumBatchingWindowInSeconds")
        isEnabled = try body.flag("Enabled")
        scaling = try body.object("ScalingConfig")
        maximumConcurrency = try scaling?.int("MaximumConcurrency")
        patterns = try MappingRequest.patterns(body)
        responseTypes = try MappingRequest.responseTypes(body)
        try refuseOthers()
    }

    private static func patterns(_ body: RequestBody) throws(LambdaError) -> [String]? {
        guard let criteria = try body.object("FilterCriteria") else { return nil }
        var patterns: [String] = []
        for filter in try criteria.list("Filters") ?? [] {
            guard let pattern = try RequestBody(filter).text("Pattern") else {
                throw .invalid("Invalid filter pattern definition.")
            }
            patterns.append(pattern)
        }
        return patterns
    }

    private static func responseTypes(_ body: RequestBody) throws(LambdaError) -> [String]? {
        guard let types = try body.list("FunctionResponseTypes") else { return nil }
        let texts = types.map { $0.text ?? $0.description }
        var check = RequestCheck()
        if texts.contains(where: { $0 != MappingRecord.reportsItemFailures }) {
            check.fail(
                "[\(texts.joined(separator: ", "))]", at: "functionResponseTypes",
                "Member must satisfy constraint: [Member must satisfy enum value set: [\(MappingRecord.reportsItemFailures)]]"
            )
        }
        if texts.count > 1 {
            check.fail(
                "[\(texts.joined(separator: ", "))]", at: "functionResponseTypes",
                "Member must have length less than or equal to 1")
        }
        try check.finish()
        return texts
    }

    private func refuseOthers() throws(LambdaError) {
        if body.value("StartingPosition") != nil {
            throw .invalid("StartingPosition is not valid for SQS event sources.")
        }
        let destinations = try body.object("DestinationConfig")
        let hasDestination = ["OnSuccess", "OnFailure"].contains { name in
            destinations?.value(name).map { $0.members?.isEmpty != true } ?? false
        }
        let others = MappingRequest.ofStreams.filter { body.value($0) != nil }
        if let name = hasDestination ? "DestinationConfig" : others.first {
            throw .invalid("Unsupported \(name) parameter for given event source mapping type.")
        }
    }

    /// The ARN of the queue that it names.
    func queue(in source: MappingSource) throws(LambdaError) -> String {
        guard let arn = try body.text("EventSourceArn"), !arn.isEmpty else {
            throw .invalid("Unrecognized event source.")
        }
        guard source.isQueue(arn: arn) else {
            throw .invalid(
                "Unrecognized event source, must be sqs in \(source.region) and account \(source.account). Unsupported source arn : \(arn)"
            )
        }
        return arn
    }

    /// The settings of a new mapping.
    func configuration(isFIFO: Bool) throws(LambdaError) -> MappingConfiguration {
        try MappingConfiguration(
            batchSize: batchSize, window: window, maximumConcurrency: maximumConcurrency, filters: patterns ?? [],
            reportsItemFailures: responseTypes?.isEmpty == false, isFIFO: isFIFO)
    }

    /// The settings of a mapping that is changed.
    func configuration(changing record: MappingRecord) throws(LambdaError) -> MappingConfiguration {
        let old = record.configuration
        return try MappingConfiguration(
            batchSize: batchSize ?? old.batchSize, window: window ?? old.window,
            maximumConcurrency: scaling == nil ? old.maximumConcurrency : maximumConcurrency,
            filters: patterns ?? record.patterns,
            reportsItemFailures: responseTypes.map { !$0.isEmpty } ?? old.reportsItemFailures, isFIFO: old.isFIFO)
    }
}
