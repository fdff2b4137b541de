package import Model

/// What one transaction did to an execution: a row of the outbox.
package struct HistoryRecord: Hashable, Sendable {
    package var definition: DefinitionID
    /// The execution's status afterwards: a raw value of `ExecutionStatus`.
    package var status: Int
    package var createdAt: Timestamp
    /// When it ended; nil: it has not.
    package var endedAt: Timestamp?
    package var trigger: TriggerID?
    package var events: [HistoryEvent]
    /// The state at the end, encoded; nil: it has not ended.
    package var snapshot: [UInt8]?
    /// With the snapshot: SHA-256 of the input without its secrets; nil: not known.
    package var digest: [UInt8]?

    /// A record of these parts.
    package init(
        definition: DefinitionID, status: Int, createdAt: Timestamp, endedAt: Timestamp?, trigger: TriggerID?,
        events: [HistoryEvent], snapshot: [UInt8]?, digest: [UInt8]? = nil
    ) {
        self.digest = digest
        self.definition = definition
        self.status = status
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.trigger = trigger
        self.events = events
        self.snapshot = snapshot
    }

    private static let version: UInt64 = 1

    /// The binary form.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 128)
        writer.write(unsigned: HistoryRecord.version)
        writer.write(definition)
        writer.write(status)
        writer.write(createdAt)
        writer.write(optional: endedAt) { $0.write($1) }
        writer.write(optional: trigger) { $0.write($1) }
        writer.write(unsigned: UInt64(events.count))
        for event in events {
            writer.write(unsigned: UInt64(event.kind.rawValue))
            writer.write(optional: event.call) { writer, call in
                writer.write(unsigned: UInt64(call.step))
                writer.write(unsigned: UInt64(call.attempt))
            }
            writer.write(optional: event.detail) { $0.write($1) }
        }
        writer.write(optional: snapshot) { $0.write(bytes: $1) }
        writer.write(optional: digest) { $0.write(bytes: $1) }
        return writer.bytes
    }

    /// Reads what `encoded` wrote.
    package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
        var reader = ByteReader(bytes)
        let version = try reader.unsigned()
        guard version == HistoryRecord.version else {
            let expected = "a record of version \(HistoryRecord.version)"
            throw version > HistoryRecord.version ? reader.laterVersion(expected) : reader.failure(expected)
        }
        definition = DefinitionID(try reader.identifier())
        status = try reader.int()
        createdAt = try reader.timestamp()
        endedAt = try reader.optional { reader throws(ByteReader.Failure) in try reader.timestamp() }
        trigger = try reader.optional { reader throws(ByteReader.Failure) in TriggerID(try reader.identifier()) }
        events = []
        for _ in 0..<(try reader.unsigned()) {
            guard let kind = HistoryEvent.Kind(rawValue: UInt8(truncatingIfNeeded: try reader.unsigned())) else {
                throw reader.laterVersion("a kind of event that this version knows")
            }
            let call = try reader.optional { reader throws(ByteReader.Failure) in
                StepCall(
                    step: Int(truncatingIfNeeded: try reader.unsigned()),
                    attempt: Int(truncatingIfNeeded: try reader.unsigned()))
            }
            let detail = try reader.optional { reader throws(ByteReader.Failure) in try reader.text() }
            events.append(HistoryEvent(kind, call, detail))
        }
        snapshot = try reader.optional { reader throws(ByteReader.Failure) in Array(try reader.byteString()) }
        // Earlier versions wrote none.
        if reader.isAtEnd { return }
        digest = try reader.optional { reader throws(ByteReader.Failure) in Array(try reader.byteString()) }
    }
}
