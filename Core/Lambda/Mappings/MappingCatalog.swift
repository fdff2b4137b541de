package import Model

/// The mappings of an account in a region: a value that is told the calls of the Lambda API.
///
/// A mapping that is changed, or deleted, is in a state that passes until `settle` is told that the change is carried
/// out; until then further changes are refused.
package struct MappingCatalog: Hashable, Sendable {
    /// Elements of a page ("ListEventSourceMappings", Lambda API Reference).
    private static let page = 100

    private var records: [String: MappingRecord] = [:]

    /// A catalog of these mappings.
    package init(_ mappings: [MappingRecord] = []) {
        for mapping in mappings { records[mapping.uuid] = mapping }
    }

    /// All, by UUID.
    package var mappings: [MappingRecord] { records.values.sorted { $0.uuid < $1.uuid } }

    /// CreateEventSourceMapping, which answers 202.
    package mutating func create(
        _ body: JSON, uuid: String, source: MappingSource, now: Timestamp
    ) throws(LambdaError) -> MappingRecord {
        let record = try MappingRecord(creating: body, uuid: uuid, source: source, now: now)
        try checkIsNew(record)
        records[uuid] = record
        return record
    }

    /// GetEventSourceMapping.
    package func mapping(_ uuid: String) throws(LambdaError) -> MappingRecord {
        guard let record = records[uuid] else { throw .notFound("The resource you requested does not exist.") }
        return record
    }

    /// UpdateEventSourceMapping, which answers 202.
    package mutating func update(
        _ uuid: String, by body: JSON, source: MappingSource, now: Timestamp
    ) throws(LambdaError) -> MappingRecord {
        let old = try stable(uuid, "update")
        let record = try old.updated(by: body, source: source, now: now)
        try checkIsNew(record)
        records[uuid] = record
        return record
    }

    /// DeleteEventSourceMapping, which answers 202. The mapping is there until it is settled.
    package mutating func delete(_ uuid: String, now: Timestamp) throws(LambdaError) -> MappingRecord {
        var record = try stable(uuid, "delete")
        record.state = .deleting
        record.isEnabled = false
        record.modified = now
        records[uuid] = record
        return record
    }

    /// A change is carried out: the mapping is enabled, disabled or gone. Of one that is not there nothing is said.
    package mutating func settle(_ uuid: String) {
        guard let record = records[uuid] else { return }
        records[uuid] = record.state == .deleting ? nil : record.settled
    }

    /// ListEventSourceMappings, by UUID, each page after the UUID that is its marker.
    ///
    /// - Parameters:
    ///   - sourceARN: only of this queue.
    ///   - functionARN: only of this function, with the qualifier that was named.
    package func list(
        sourceARN: String? = nil, functionARN: String? = nil, marker: String? = nil, maximum: Int? = nil
    ) throws(LambdaError) -> MappingPage {
        var check = RequestCheck()
        check.range(maximum, at: "maxItems", 1...10_000)
        try check.finish()
        let found = mappings.filter {
            $0.sourceARN == sourceARN ?? $0.sourceARN && $0.functionARN == functionARN ?? $0.functionARN
                && $0.uuid > marker ?? ""
        }
        let count = min(maximum ?? MappingCatalog.page, MappingCatalog.page)
        return MappingPage(
            mappings: Array(found.prefix(count)), nextMarker: found.count > count ? found[count - 1].uuid : nil)
    }

    private func checkIsNew(_ record: MappingRecord) throws(LambdaError) {
        let existing = records.values.first {
            $0.sourceARN == record.sourceARN && $0.functionARN == record.functionARN && $0.uuid != record.uuid
        }
        guard let existing else { return }
        throw .conflict(
            "An event source mapping with SQS arn (\" \(record.sourceARN) \") and function (\" \(record.functionName) \") already exists. Please update or delete the existing mapping with UUID \(existing.uuid)"
        )
    }

    private func stable(_ uuid: String, _ verb: String) throws(LambdaError) -> MappingRecord {
        let record = try mapping(uuid)
        guard record.state.isStable else {
            throw LambdaError(
                "ResourceInUseException", "Cannot \(verb) the event source mapping because it is in use.")
        }
        return record
    }
}
