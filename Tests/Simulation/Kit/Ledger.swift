import Memory
import Model
import Scheduling
import Store
import Synchronization

/// Checks the store's records against the calendars: what was recorded for each schedule, and what should have been.
///
/// For each schedule it keeps a count and a sum of hashes of what was recorded: a month of a million schedules fits in
/// memory, and an occurrence that is missing or recorded twice changes the sum. It learns of each change as the store
/// makes it.
final class Ledger: Sendable {
    /// A range of time whose occurrences belong to one revision of a schedule.
    struct Segment {
        var revision: Int
        var timing: [UInt8]
        var from: Timestamp
        /// Exclusive; nil: it goes on.
        var end: Timestamp?
    }

    /// What was recorded for one schedule, over all its revisions.
    struct Account {
        var segment: Segment
        var sum: UInt64 = 0
        var count = 0
        /// Triggers planned to run.
        var fired = 0
        var lastFired = Timestamp.distantPast
        /// Whether records of runs overlap, so that they do not tell which occurrence belongs to which. Then only the
        /// count is compared.
        var isEntangled = false
    }

    struct Open {
        var deadline: Timestamp
        var schedule: ScheduleID
    }

    struct State {
        var accounts: [Account] = []
        var places: [ScheduleID: Int32] = [:]
        /// The schedules of `accounts`, in the same order.
        var schedules: [ScheduleID] = []
        /// Segments of revisions that have ended, for the few schedules that were changed.
        var ended: [Int32: [Segment]] = [:]
        var open: [TriggerID: Open] = [:]
        var inserted = 0
        var settled: [Int] = Array(repeating: 0, count: TriggerState.allCases.count)
        /// A hash of the changes since it was last read, for the trace.
        var digest: UInt64 = 0
        var violation: Violation?
    }

    let state = Mutex(State())
    private let zones: ZoneCatalog

    init(zones: ZoneCatalog) { self.zones = zones }

    // MARK: Changes of triggers

    func observe(_ change: StoredChange) {
        state.withLock { state in
            switch change {
            case .inserted(let trigger):
                state.inserted += trigger.count
                insert(trigger, &state)
                if trigger.state.isFinal {
                    settle(trigger, &state)
                } else {
                    state.open[trigger.id] = Open(deadline: trigger.deadline, schedule: trigger.schedule)
                }
            case .settled(let trigger):
                state.open[trigger.id] = nil
                settle(trigger, &state)
            case .redriven(let trigger):
                state.open[trigger.id] = Open(deadline: trigger.deadline, schedule: trigger.schedule)
                state.settled[TriggerState.dead.rawValue] -= trigger.count
            }
        }
    }

    private func settle(_ trigger: StoredTrigger, _ state: inout State) {
        state.settled[trigger.state.rawValue] += trigger.count
        state.digest = Ledger.mix(state.digest ^ trigger.id.value.low &+ UInt64(trigger.state.rawValue))
        if trigger.state != .delivered && trigger.reason == nil {
            state.violation = Violation("a trigger ended \(trigger.state) without a reason", trigger: trigger.id)
        }
    }

    private func insert(_ trigger: StoredTrigger, _ state: inout State) {
        guard trigger.kind == .scheduled, let place = state.places[trigger.schedule] else { return }
        let index = Int(place)
        state.digest = Ledger.mix(state.digest &+ trigger.id.value.low)
        if trigger.lastOccurrence == nil {
            state.accounts[index].sum &+= Ledger.hash(trigger.revision, trigger.occurrence)
            state.accounts[index].count += 1
            state.accounts[index].fired += 1
            state.accounts[index].lastFired = max(state.accounts[index].lastFired, trigger.occurrence)
            return
        }
        guard let segment = segment(trigger.revision, place, state) else { return }
        let run = occurrences(
            segment.timing, from: trigger.occurrence, before: trigger.lastOccurrence! + .microseconds(1))
        if run.count > trigger.count {
            state.accounts[index].isEntangled = true
        } else if run.count < trigger.count {
            state.violation = Violation(
                "a record stands for \(trigger.count) occurrences and spans \(run.count)", trigger: trigger.id)
        }
        for occurrence in run { state.accounts[index].sum &+= Ledger.hash(trigger.revision, occurrence) }
        state.accounts[index].count += trigger.count
    }

    private func segment(_ revision: Int, _ place: Int32, _ state: State) -> Segment? {
        let current = state.accounts[Int(place)].segment
        return current.revision == revision ? current : state.ended[place]?.last { $0.revision == revision }
    }

    // MARK: Changes of schedules

    func register(_ row: ScheduleRow) {
        let account = Account(
            segment: Segment(revision: row.revision, timing: row.timing, from: row.cursor ?? .distantFuture))
        state.withLock { state in
            state.places[row.id] = Int32(state.accounts.count)
            state.accounts.append(account)
            state.schedules.append(row.id)
        }
    }

    /// Records the change of a schedule from one row to another, or its deletion: a revision ends where the next begins
    /// to plan.
    func change(_ before: ScheduleRow, to after: ScheduleRow?) {
        state.withLock { state in
            guard let place = state.places[before.id] else { return }
            let index = Int(place)
            guard let after, after.revision == before.revision else {
                var segment = state.accounts[index].segment
                segment.end = before.cursor ?? .distantFuture
                state.ended[place, default: []].append(segment)
                state.accounts[index].segment = Segment(
                    revision: after?.revision ?? 0, timing: after?.timing ?? [],
                    from: after?.cursor ?? .distantFuture)
                return
            }
            if let cursor = after.cursor {
                state.accounts[index].segment.from = min(state.accounts[index].segment.from, cursor)
            }
        }
    }

    // MARK: The oracle

    /// All schedules that ever existed, in the order of registration.
    var registered: [ScheduleID] { state.withLock { $0.schedules } }

    /// Compares the records of a schedule with its calendar.
    ///
    /// - Parameter row: the schedule as it is now; nil: it was deleted.
    func check(_ id: ScheduleID, _ row: ScheduleRow?) -> Violation? {
        let (account, ended) = state.withLock { state in
            let place = state.places[id]!
            return (state.accounts[Int(place)], state.ended[place] ?? [])
        }
        var segments = ended
        if let row {
            var current = account.segment
            // Finished by its number of triggers: nothing is due after the last one.
            let isFull = (try? Timing(decoding: row.timing))?.maxTriggers.map { account.fired >= $0 } ?? false
            current.end = row.cursor ?? (isFull ? account.lastFired + .microseconds(1) : .distantFuture)
            segments.append(current)
        }
        var (sum, count): (UInt64, Int) = (0, 0)
        for segment in segments where segment.from < segment.end! {
            for occurrence in occurrences(segment.timing, from: segment.from, before: segment.end!) {
                sum &+= Ledger.hash(segment.revision, occurrence)
                count += 1
            }
        }
        if count == account.count && (sum == account.sum || account.isEntangled) { return nil }
        let difference =
            account.count < count
            ? "\(count - account.count) occurrences without a record"
            : account.count > count
                ? "\(account.count - count) occurrences recorded twice" : "other occurrences recorded"
        let revisions = segments.map { "revision \($0.revision) from \($0.from) to \($0.end!)" }
        return Violation("\(difference), of \(count): \(revisions.joined(separator: ", "))", schedule: "\(id)")
    }

    private func occurrences(_ timing: [UInt8], from start: Timestamp, before end: Timestamp) -> [Timestamp] {
        guard let timing = try? Timing(decoding: timing) else { return [] }
        let calendar = CompiledTiming(timing, zones: zones)
        var times: [Timestamp] = []
        var next = calendar.next(atOrAfter: start)
        while let time = next, time < end {
            times.append(time)
            next = calendar.next(after: time)
        }
        return times
    }

    private static func hash(_ revision: Int, _ occurrence: Timestamp) -> UInt64 {
        mix(UInt64(bitPattern: occurrence.microseconds) &+ UInt64(revision) &* 0x9E37_79B9_7F4A_7C15)
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        var mixed = word &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
