package import Model
import Store

/// A trigger as the in-memory store keeps it: the columns of the table `trigger`.
package struct StoredTrigger: Sendable {
    package let id: Identifier
    package let schedule: Identifier
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

    /// Whether the queue should have it, or get it again.
    var isSendable: Bool { state == .queued && !isCancelRequested }
}

/// A schedule as the in-memory store keeps it, with what is asked of its triggers.
struct StoredSchedule: Sendable {
    var row: ScheduleRow
    var fired: Int {
        get { row.fired }
        set { row.fired = newValue }
    }
    var resumeMissed: Int?
    var ahead: Range<Timestamp>?
    /// Where its revision began to plan; nil: it is not known.
    var beganAt: Timestamp?
    /// Its triggers that are planned or queued.
    var open: [Identifier] = []
    /// Triggers of earlier revisions that were open when the schedule was changed, by occurrence: the latest of each.
    var earlier: [Timestamp: Identifier] = [:]
    /// The latest occurrence of the calendar that ended otherwise than cancelled.
    var lastSettled = Timestamp.distantPast

    init(row: ScheduleRow) { self.row = row }

    func claimed() -> ClaimedSchedule? {
        guard let nextAt = row.nextAt else { return nil }
        return ClaimedSchedule(
            id: row.id, tenant: row.tenant, name: row.name, revision: row.revision, nextAt: row.resumeAt ?? nextAt,
            fired: fired, timing: row.timing, action: row.action, resumeMissed: resumeMissed, ahead: ahead)
    }
}

/// An entry of an index by time. Entries are not taken out of an index when their row changes: whoever finds one looks
/// whether it still holds.
struct TimedID: Comparable, Sendable {
    var time: Timestamp
    var id: Identifier

    static func < (left: TimedID, right: TimedID) -> Bool {
        left.time == right.time ? left.id < right.id : left.time < right.time
    }
}

struct StoredShard: Sendable {
    var low = Timestamp.distantPast
    var plannedLow = Timestamp.distantFuture
    var pass = 0
    var confirmedPass = 0
    var openLow = Timestamp.distantFuture
    /// Armed schedules by `nextAt`.
    var due = Heap<TimedID>()
    /// Planned triggers by `plannedAt`.
    var planned = Heap<TimedID>()
    /// Triggers that passes not yet confirmed turned queued.
    var unconfirmed: [Identifier] = []
    var load: [Int64: Int] = [:]
    /// The connection whose loader has it.
    var holder: Int?
}

/// The triggers of one UTC day: what a partition is to Postgres.
struct StoredDay: Sendable {
    var triggers: [Identifier: StoredTrigger] = [:]
    var unsettled = 0
}

/// What became of a row, for whoever watches the store.
package enum StoredChange: Sendable {
    case inserted(StoredTrigger)
    /// It has a final state now, and had none.
    case settled(StoredTrigger)
    /// It was dead, and is queued again.
    case redriven(StoredTrigger)
}

/// The in-memory store refuses what Postgres would refuse.
package struct InMemoryStoreError: Error, CustomStringConvertible {
    package let description: String
}
