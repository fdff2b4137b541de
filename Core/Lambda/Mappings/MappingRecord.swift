package import Model

/// A mapping as the Lambda API has it.
package struct MappingRecord: Hashable, Sendable {
    /// Lower-case.
    package let uuid: String
    /// Of the queue.
    package let sourceARN: String
    /// With its qualifier, if it has one.
    package internal(set) var functionARN: String
    /// How it takes messages.
    package internal(set) var configuration: MappingConfiguration
    /// The texts of its filters.
    package internal(set) var patterns: [String]
    /// What a client sees.
    package internal(set) var state: MappingState
    /// Whether it is to take messages.
    package internal(set) var isEnabled: Bool
    /// Of its last change by a call.
    package internal(set) var modified: Timestamp

    init(
        uuid: String, sourceARN: String, functionARN: String, configuration: MappingConfiguration, patterns: [String],
        state: MappingState, isEnabled: Bool, modified: Timestamp
    ) {
        self.uuid = uuid
        self.sourceARN = sourceARN
        self.functionARN = functionARN
        self.configuration = configuration
        self.patterns = patterns
        self.state = state
        self.isEnabled = isEnabled
        self.modified = modified
    }

    /// What CreateEventSourceMapping makes; throws what Lambda refuses.
    ///
    /// - Parameters:
    ///   - body: of the call.
    ///   - source: what its `FunctionName` and `EventSourceArn` name.
    package init(creating body: JSON, uuid: String, source: MappingSource, now: Timestamp) throws(LambdaError) {
        let request = try MappingRequest(body)
        let arn = try request.queue(in: source)
        try source.check()
        self.init(
            uuid: uuid, sourceARN: arn, functionARN: source.functionARN,
            configuration: try request.configuration(isFIFO: arn.hasSuffix(".fifo")),
            patterns: request.patterns ?? [], state: .creating, isEnabled: request.isEnabled ?? true, modified: now)
    }

    /// What UpdateEventSourceMapping makes of it; what the call does not name stays.
    ///
    /// - Parameter source: with the function that the call names, or else with the mapping's own.
    package func updated(by body: JSON, source: MappingSource, now: Timestamp) throws(LambdaError) -> MappingRecord {
        let request = try MappingRequest(body)
        // A mapping whose queue is gone can be disabled.
        if request.isEnabled ?? isEnabled { try source.check() }
        var record = self
        record.functionARN = source.functionARN
        record.patterns = request.patterns ?? patterns
        record.configuration = try request.configuration(changing: self)
        record.isEnabled = request.isEnabled ?? isEnabled
        record.modified = now
        record.state =
            record.isEnabled == isEnabled ? .updating : record.isEnabled ? .enabling : .disabling
        return record
    }

    /// The mapping when its change is carried out.
    package var settled: MappingRecord {
        var record = self
        if state != .deleting { record.state = isEnabled ? .enabled : .disabled }
        return record
    }

    /// The part of its function's ARN after `:function:`.
    package var functionName: String {
        functionARN.split(separator: ":", maxSplits: 6, omittingEmptySubsequences: false).last.map { String($0) } ?? ""
    }
}
