package import Model
import Store

/// A trigger as the in-memory store keeps it: the columns of the table `trigger`, which `TriggerRow` describes.
package struct StoredTrigger: Sendable {
    package let id: TriggerID
    package let schedule: ScheduleID
    package let kind: TriggerKind
    package let revision: Int
    package let occurrence: Timestamp
    package let plannedAt: Timestamp
    package let shard: Int
    package let count: Int
    package let lastOccurrence: Timestamp?
    package internal(set) var state: TriggerState
    package internal(set) var deadline: Timestamp
    package internal(set) var redrive = 0
    package internal(set) var attempts = 0
    package internal(set) var isCancelRequested = false
    package internal(set) var reason: String?
    package internal(set) var latenessMilliseconds: Int?
    var pass = 0
    /// Bit n - 1: the outcome of attempt n of this redrive is recorded.
    var recorded: UInt64 = 0
    var log: [UInt8] = []

    /// Whether it is queued and no cancel was requested, so that it may be sent or sent again.
    var isSendable: Bool { state == .queued && !isCancelRequested }
}

/// A schedule as the in-memory store keeps it, with what is asked about its triggers.
struct StoredSchedule: Sendable {
    var row: ScheduleRow
    var fired: Int {
        get { row.fired }
        set { row.fired = newValue }
    }
    var resumeMissed: Int?
    var ahead: Range<Timestamp>?
    /// The occurrence from which its current revision was first planned; nil: unknown.
    var beganAt: Timestamp?
    /// Its planned and queued triggers.
    var open: [TriggerID] = []
    /// Triggers of earlier revisions that were open when the schedule was changed, by occurrence; the latest revision's
    /// if there are several.
    var earlier: [Timestamp: TriggerID] = [:]
    /// The latest scheduled occurrence that ended in any state but cancelled.
    var lastSettled = Timestamp.distantPast

    init(row: ScheduleRow) { self.row = row }

    func claimed() -> ClaimedSchedule? {
        guard let nextAt = row.nextAt else { return nil }
        return ClaimedSchedule(
            id: row.id, tenant: row.tenant, name: row.name, revision: row.revision, nextAt: row.resumeAt ?? nextAt,
            fired: fired, timing: row.timing, action: row.action, resumeMissed: resumeMissed, ahead: ahead)
    }
}

/// An entry of an index by time. Indexes are lazy: an entry stays in one when its row changes, and whoever finds it
/// there checks that it still applies.
struct TimedID<ID: RecordID>: Comparable, Sendable {
    var time: Timestamp
    var id: ID

    static func < (left: TimedID, right: TimedID) -> Bool {
        left.time == right.time ? left.id < right.id : left.time < right.time
    }
}

/// A row of the table `shard`, whose columns V0001 describes (`unconfirmedLow` is `open_low`), with its indexes.
struct StoredShard: Sendable {
    var low = Timestamp.distantPast
    var plannedLow = Timestamp.distantFuture
    var pass = 0
    var confirmedPass = 0
    var unconfirmedLow = Timestamp.distantFuture
    /// Armed schedules by `nextAt`.
    var due = Heap<TimedID<ScheduleID>>()
    /// Planned triggers by `plannedAt`.
    var planned = Heap<TimedID<TriggerID>>()
    /// Triggers queued by passes that are not confirmed yet.
    var unconfirmed: [TriggerID] = []
    var load: [Int64: Int] = [:]
    /// The connection whose loader holds the shard; nil: none.
    var holder: Int?
}

/// The triggers of one UTC day: the counterpart of a partition in Postgres.
struct StoredDay: Sendable {
    var triggers: [TriggerID: StoredTrigger] = [:]
    var unsettled = 0
}

/// A change to a trigger, as reported to the store's observer.
package enum StoredChange: Sendable {
    /// It is new.
    case inserted(StoredTrigger)
    /// It reached a final state.
    case settled(StoredTrigger)
    /// It was dead, and is queued again.
    case redriven(StoredTrigger)
}

/// Thrown where Postgres would reject a statement.
package struct InMemoryStoreError: Error, CustomStringConvertible {
    /// What was refused, in a sentence.
    package let description: String
}
