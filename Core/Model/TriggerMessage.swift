/// A trigger on its way to a worker: the body of a message on the `triggers` queue.
///
/// It has all that the worker needs, which holds no database connection.
package struct TriggerMessage: Hashable, Sendable {
    /// The trigger's id, which is also the message's.
    package var id: TriggerID
    /// The occurrence's own key over all revisions, which the target sees as `Idempotency-Key`. The id unless given.
    package var key: Identifier
    package var kind: TriggerKind
    /// How often the trigger was redriven after it had died.
    package var redrive: Int
    package var occurrence: Timestamp
    /// When it should be called; not before the occurrence.
    package var plannedAt: Timestamp
    /// By the database's clock; no call starts after it.
    package var deadline: Timestamp
    package var tenant: TenantID
    /// The schedule's name.
    package var schedule: ScheduleName
    /// An `ActionRecord` in its binary form, as stored with the schedule; empty if nobody knows it any more.
    package var action: [UInt8]

    /// A message whose key is its id, unless given.
    package init(
        id: TriggerID, key: Identifier? = nil, kind: TriggerKind, redrive: Int, occurrence: Timestamp,
        plannedAt: Timestamp, deadline: Timestamp, tenant: TenantID, schedule: ScheduleName, action: [UInt8]
    ) {
        self.id = id
        self.key = key ?? id.value
        self.kind = kind
        self.redrive = redrive
        self.occurrence = occurrence
        self.plannedAt = plannedAt
        self.deadline = deadline
        self.tenant = tenant
        self.schedule = schedule
        self.action = action
    }

    /// The key under which it takes turns in the queue: the tenant, or for backfills a key of their own, so that they
    /// wait behind the tenant's live work.
    package var fairnessKey: String { TriggerMessage.fairnessKey(of: tenant, kind: kind) }
    /// The key of a tenant's triggers of a kind.
    package static func fairnessKey(of tenant: TenantID, kind: TriggerKind) -> String {
        kind == .backfill ? "\(tenant)/backfill" : tenant.description
    }

    /// The version that `encoded` writes; readers accept it and the one before. Version 2 adds `key`.
    static let version: UInt64 = 2

    /// The binary form, which starts with its version.
    package var encoded: [UInt8] {
        var writer = ByteWriter(
            capacity: 96 + tenant.description.utf8.count + schedule.description.utf8.count + action.count)
        writer.write(unsigned: TriggerMessage.version)
        writer.write(id)
        writer.write(kind.rawValue)
        writer.write(redrive)
        writer.write(occurrence)
        writer.write(plannedAt)
        writer.write(deadline)
        writer.write(tenant.description)
        writer.write(schedule.description)
        writer.write(bytes: action)
        writer.write(key)
        return writer.bytes
    }

    /// Reads `encoded`, of this version or the one before.
    package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
        var reader = ByteReader(bytes)
        let version = try reader.unsigned()
        guard version == TriggerMessage.version || version == TriggerMessage.version - 1 else {
            let expected = "a trigger message of version \(TriggerMessage.version - 1) or \(TriggerMessage.version)"
            throw version > TriggerMessage.version ? reader.laterVersion(expected) : reader.failure(expected)
        }
        id = TriggerID(try reader.identifier())
        guard let kind = TriggerKind(rawValue: try reader.int()) else { throw reader.failure("a kind of trigger") }
        self.kind = kind
        redrive = try reader.int()
        occurrence = try reader.timestamp()
        plannedAt = try reader.timestamp()
        deadline = try reader.timestamp()
        tenant = TenantID(checked: try reader.text())
        schedule = ScheduleName(checked: try reader.text())
        action = Array(try reader.byteString())
        key = version == 1 ? id.value : try reader.identifier()
    }
}
