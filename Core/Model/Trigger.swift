/// Where a trigger comes from.
package enum TriggerKind: Int, Sendable, CaseIterable {
    /// An occurrence of a schedule.
    case scheduled = 0
    /// Fired by a user.
    case manual = 1
    /// A past occurrence that a user had planned again.
    case backfill = 2
    /// A single trigger without a schedule of its own; a hidden one keeps its action.
    case oneOff = 3
    /// The call that reports another trigger's failure.
    case onFailure = 4
}

/// How far a trigger has come. Everything after `queued` is final.
package enum TriggerState: Int, Sendable, CaseIterable {
    /// Stored, to be queued when its time comes.
    case planned = 0
    /// To be delivered: on the queue, about to be sent there, or with a worker.
    case queued = 1
    /// The target accepted it.
    case delivered = 2
    /// The target refused it; not retried.
    case rejected = 3
    /// Its deadline passed first.
    case expired = 4
    /// Its attempts are used up, or its workers kept dying. Can be redriven.
    case dead = 5
    /// Missed, and the schedule's policy does not make up for it.
    case skipped = 6
    /// Taken back by a user, or by a change, pause or delete of its schedule.
    case cancelled = 7

    /// Whether it has ended; a dead trigger may still be redriven.
    package var isFinal: Bool { self != .planned && self != .queued }
    /// As the API writes it: the case's name.
    package var name: String { TriggerState.names[rawValue] }
    /// By raw value; to ask the case for its name takes a microsecond.
    private static let names = allCases.map { "\($0)" }
    /// The state of that name; nil if there is none.
    package init?(name: String) {
        guard let state = TriggerState.allCases.first(where: { $0.name == name }) else { return nil }
        self = state
    }
}

/// What makes a trigger the same trigger: its schedule (by internal id), kind, revision and occurrence.
package struct TriggerKey: Hashable, Sendable {
    package var schedule: ScheduleID
    package var kind: TriggerKind
    package var revision: Int
    /// A whole millisecond.
    package var occurrence: Timestamp

    /// The occurrence must be a whole millisecond.
    package init(schedule: ScheduleID, kind: TriggerKind, revision: Int, occurrence: Timestamp) {
        self.schedule = schedule
        self.kind = kind
        self.revision = revision
        self.occurrence = occurrence
    }

    /// What a target sees as `Idempotency-Key`: a UUIDv7 of the occurrence's millisecond, whose other 74 bits are a
    /// hash of schedule, kind and occurrence.
    ///
    /// It survives changes of the schedule (protocols.md, 8a), and is the same for a repeated backfill.
    package var idempotencyKey: Identifier {
        var hash = StableHash(seed: 4)
        hash.combine(schedule.value.high)
        hash.combine(schedule.value.low)
        hash.combine(UInt64(kind.rawValue))
        hash.combine(UInt64(bitPattern: occurrence.microseconds))
        let (high, low) = hash.words
        return .v7(milliseconds: occurrence.milliseconds, tailHigh: high, tailLow: low)
    }

    /// The trigger's id: a UUIDv7 of the occurrence's millisecond, or of `time`, whose other 74 bits are a hash of the
    /// key.
    ///
    /// A trigger that is planned twice gets the same id, and an id tells the day of its record.
    package func id(at time: Timestamp? = nil) -> TriggerID {
        var hash = StableHash(seed: 1)
        hash.combine(schedule.value.high)
        hash.combine(schedule.value.low)
        hash.combine(UInt64(kind.rawValue))
        hash.combine(UInt64(bitPattern: Int64(revision)))
        hash.combine(UInt64(bitPattern: occurrence.microseconds))
        let (high, low) = hash.words
        return .v7(milliseconds: (time ?? occurrence).milliseconds, tailHigh: high, tailLow: low)
    }
}
