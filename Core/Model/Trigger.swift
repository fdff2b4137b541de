/// What called a trigger into being.
package enum TriggerKind: Int, Sendable, CaseIterable {
    case scheduled = 0
    case manual = 1
    case backfill = 2
    case oneOff = 3
    /// The call that tells of another trigger's failure.
    case onFailure = 4
}

/// Where a trigger stands. Everything after `queued` is final.
package enum TriggerState: Int, Sendable, CaseIterable {
    case planned = 0
    case queued = 1
    case delivered = 2
    case rejected = 3
    case expired = 4
    case dead = 5
    case skipped = 6
    case cancelled = 7

    package var isFinal: Bool { self != .planned && self != .queued }
    /// As the API writes it.
    package var name: String { "\(self)" }
    package init?(name: String) {
        guard let state = TriggerState.allCases.first(where: { $0.name == name }) else { return nil }
        self = state
    }
}

/// What makes a trigger the same trigger: its schedule (by internal id), kind, revision and occurrence.
package struct TriggerKey: Hashable, Sendable {
    package var schedule: Identifier
    package var kind: TriggerKind
    package var revision: Int
    /// A whole millisecond.
    package var occurrence: Timestamp

    package init(schedule: Identifier, kind: TriggerKind, revision: Int, occurrence: Timestamp) {
        self.schedule = schedule
        self.kind = kind
        self.revision = revision
        self.occurrence = occurrence
    }

    /// What a target sees as `Idempotency-Key`: a UUIDv7 of the occurrence's millisecond, whose other 74 bits are a hash of
    /// schedule, kind and occurrence. It survives changes of the schedule (protocols.md, 8a), and a backfill asked for again.
    package var idempotencyKey: Identifier {
        var hash = StableHash(seed: 4)
        hash.combine(schedule.high)
        hash.combine(schedule.low)
        hash.combine(UInt64(kind.rawValue))
        hash.combine(UInt64(bitPattern: occurrence.microseconds))
        let (high, low) = hash.words
        return .v7(milliseconds: occurrence.milliseconds, tailHigh: high, tailLow: low)
    }

    /// A UUIDv7 of the occurrence's millisecond, or of `time`, whose other 74 bits are a hash of the key: planned twice, a
    /// trigger has one id, and an id names the day of its record.
    package func id(at time: Timestamp? = nil) -> Identifier {
        var hash = StableHash(seed: 1)
        hash.combine(schedule.high)
        hash.combine(schedule.low)
        hash.combine(UInt64(kind.rawValue))
        hash.combine(UInt64(bitPattern: Int64(revision)))
        hash.combine(UInt64(bitPattern: occurrence.microseconds))
        let (high, low) = hash.words
        return .v7(milliseconds: (time ?? occurrence).milliseconds, tailHigh: high, tailLow: low)
    }
}
