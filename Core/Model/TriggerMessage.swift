/// A trigger on its way to a worker: the body of a message on the `triggers` queue.
///
/// The worker needs nothing else: it holds no database connection.
package struct TriggerMessage: Hashable, Sendable {
    package var id: Identifier
    /// The occurrence's own, over all revisions: what the target sees as `Idempotency-Key`. The id where nobody said another.
    package var key: Identifier
    package var kind: TriggerKind
    /// How often the trigger was redriven after it had died.
    package var redrive: Int
    package var occurrence: Timestamp
    package var plannedAt: Timestamp
    /// By the database's clock; no call starts after it.
    package var deadline: Timestamp
    package var tenant: String
    package var schedule: String
    /// An `ActionRecord` in its binary form, as stored with the schedule.
    package var action: [UInt8]

    package init(
        id: Identifier, key: Identifier? = nil, kind: TriggerKind, redrive: Int, occurrence: Timestamp,
        plannedAt: Timestamp, deadline: Timestamp, tenant: String, schedule: String, action: [UInt8]
    ) {
        self.id = id
        self.key = key ?? id
        self.kind = kind
        self.redrive = redrive
        self.occurrence = occurrence
        self.plannedAt = plannedAt
        self.deadline = deadline
        self.tenant = tenant
        self.schedule = schedule
        self.action = action
    }

    /// Under which key it waits its turn in the queue: a backfill waits behind its tenant's live work.
    package var fairnessKey: String { TriggerMessage.fairnessKey(of: tenant, kind: kind) }
    package static func fairnessKey(of tenant: String, kind: TriggerKind) -> String {
        kind == .backfill ? "\(tenant)/backfill" : tenant
    }

    /// The format that `encoded` writes; readers accept it and the one before. Version 2 has what version 1 has, and `key`.
    static let version: UInt64 = 2

    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 96 + tenant.utf8.count + schedule.utf8.count + action.count)
        writer.write(unsigned: TriggerMessage.version)
        writer.write(id)
        writer.write(kind.rawValue)
        writer.write(redrive)
        writer.write(occurrence)
        writer.write(plannedAt)
        writer.write(deadline)
        writer.write(tenant)
        writer.write(schedule)
        writer.write(bytes: action)
        writer.write(key)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
        var reader = ByteReader(bytes)
        let version = try reader.unsigned()
        guard version == TriggerMessage.version || version == TriggerMessage.version - 1 else {
            throw reader.failure(
                "a trigger message of version \(TriggerMessage.version - 1) or \(TriggerMessage.version)")
        }
        id = try reader.identifier()
        guard let kind = TriggerKind(rawValue: try reader.int()) else { throw reader.failure("a kind of trigger") }
        self.kind = kind
        redrive = try reader.int()
        occurrence = try reader.timestamp()
        plannedAt = try reader.timestamp()
        deadline = try reader.timestamp()
        tenant = try reader.text()
        schedule = try reader.text()
        action = Array(try reader.byteString())
        key = version == 1 ? id : try reader.identifier()
    }
}
