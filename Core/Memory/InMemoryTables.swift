import Model
import Store

/// The tables and indexes of the in-memory store; operations that span several of them are here.
struct InMemoryTables: Sendable {
    struct Name: Hashable {
        var tenant: TenantID
        var name: ScheduleName
    }

    struct Revision: Hashable {
        var schedule: ScheduleID
        var number: Int
    }
    /// What a message needs of a schedule that has changed or is gone.
    struct PastAction {
        var tenant: TenantID
        var name: ScheduleName
        var action: [UInt8]
    }

    var shards: [StoredShard]
    var schedules: [ScheduleID: StoredSchedule] = [:]
    var names: [Name: ScheduleID] = [:]
    var days: [Int64: StoredDay] = [:]
    /// Actions of earlier revisions and of deleted schedules; kept for good.
    var pastActions: [Revision: PastAction] = [:]
    var dead: Set<TriggerID> = []
    /// The sweep's mark: triggers planned before it have been looked at.
    var sweptTo = Timestamp.epoch
    /// Unsettled triggers that the sweep has not reached, by `plannedAt`.
    var unswept = Heap<TimedID<TriggerID>>()
    /// When each overdue trigger is checked next; `checks` is its index by time.
    var checkAt: [TriggerID: Timestamp] = [:]
    var checks = Heap<TimedID<TriggerID>>()
    var generation = RecordedGeneration()
    var connections = 0
    let observer: (@Sendable (StoredChange) -> Void)?

    init(shards: Int, observer: (@Sendable (StoredChange) -> Void)?) {
        self.shards = Array(repeating: StoredShard(), count: shards)
        self.observer = observer
    }

    static func day(_ time: Timestamp) -> Int64 { floorDivide(time.seconds, 86_400) }

    // MARK: Triggers

    func trigger(_ id: TriggerID) -> StoredTrigger? { days[InMemoryTables.day(id.v7Time)]?.triggers[id] }

    /// Adds a trigger to its table and the indexes; false if its id exists already.
    mutating func insert(_ trigger: StoredTrigger) -> Bool {
        let day = InMemoryTables.day(trigger.id.v7Time)
        let isNew = withDay(day) { table in
            if table.triggers[trigger.id] != nil { return false }
            table.triggers[trigger.id] = trigger
            if !trigger.state.isFinal { table.unsettled += 1 }
            return true
        }
        guard isNew else { return false }
        if trigger.state.isFinal {
            updateLastSettled(trigger)
        } else {
            schedules[trigger.schedule]?.open.append(trigger.id)
            let entry = TimedID(time: trigger.plannedAt, id: trigger.id)
            unswept.insert(entry)
            if trigger.state == .planned { shards[trigger.shard].planned.insert(entry) }
        }
        observer?(.inserted(trigger))
        return true
    }

    /// Changes a trigger in place, and updates what depends on its state. Returns nil if there is no such trigger.
    @discardableResult
    mutating func update<Value>(_ id: TriggerID, _ body: (inout StoredTrigger) -> Value) -> Value? {
        var change: StoredChange?
        let day = InMemoryTables.day(id.v7Time)
        guard days[day] != nil else { return nil }
        let value = withDay(day) { table -> Value? in
            guard let index = table.triggers.index(forKey: id) else { return nil }
            let before = table.triggers.values[index].state
            let value = body(&table.triggers.values[index])
            let trigger = table.triggers.values[index]
            if before.isFinal != trigger.state.isFinal {
                table.unsettled += trigger.state.isFinal ? -1 : 1
                change = trigger.state.isFinal ? .settled(trigger) : .redriven(trigger)
            }
            return value
        }
        if let change { apply(change) }
        return value
    }

    private mutating func apply(_ change: StoredChange) {
        switch change {
        case .inserted: break
        case .settled(let trigger):
            if trigger.state == .dead { dead.insert(trigger.id) }
            schedules[trigger.schedule]?.open.removeAll { $0 == trigger.id }
            updateLastSettled(trigger)
        case .redriven(let trigger):
            dead.remove(trigger.id)
            schedules[trigger.schedule]?.open.append(trigger.id)
        }
        observer?(change)
    }

    private mutating func updateLastSettled(_ trigger: StoredTrigger) {
        guard trigger.kind == .scheduled, trigger.state != .cancelled,
            let known = schedules[trigger.schedule]?.lastSettled, known < trigger.occurrence
        else { return }
        schedules[trigger.schedule]?.lastSettled = trigger.occurrence
    }

    private mutating func withDay<Value>(_ day: Int64, _ body: (inout StoredDay) -> Value) -> Value {
        body(&days[day, default: StoredDay()])
    }

    /// The trigger's message, with the action of its own revision; with an empty one if nobody knows it.
    func queuedTrigger(_ trigger: StoredTrigger) -> QueuedTrigger {
        let schedule = schedules[trigger.schedule]?.row
        let past = pastActions[Revision(schedule: trigger.schedule, number: trigger.revision)]
        let key = TriggerKey(
            schedule: trigger.schedule, kind: trigger.kind, revision: trigger.revision, occurrence: trigger.occurrence)
        return QueuedTrigger(
            message: TriggerMessage(
                id: trigger.id, key: key.idempotencyKey, kind: trigger.kind, redrive: trigger.redrive,
                occurrence: trigger.occurrence,
                plannedAt: trigger.plannedAt, deadline: trigger.deadline,
                tenant: schedule?.tenant ?? past?.tenant ?? "",
                schedule: schedule?.name ?? past?.name ?? "",
                action: schedule.flatMap { $0.revision == trigger.revision ? $0.action : nil } ?? past?.action ?? []),
            attempts: trigger.attempts)
    }

    /// Keeps the action of a schedule that is about to be changed or deleted.
    mutating func keepAction(of row: ScheduleRow) {
        pastActions[Revision(schedule: row.id, number: row.revision)] = PastAction(
            tenant: row.tenant, name: row.name, action: row.action)
    }

    /// Whether another revision has a trigger of this occurrence that has been called or may still be (protocols.md,
    /// 8a); the conditions are those of `insert-triggers.sql`.
    func isTaken(_ occurrence: Timestamp, of schedule: ScheduleID, revision: Int) -> Bool {
        guard let id = schedules[schedule]?.earlier[occurrence], let trigger = trigger(id), trigger.revision != revision
        else { return false }
        return
            !(trigger.state == .cancelled && trigger.attempts == 0
            && CancelReason.plannedAgain.contains(where: { $0.rawValue == trigger.reason }))
    }

    // MARK: Schedules

    /// Indexes an armed schedule, and lowers the floor of its shard.
    mutating func arm(_ id: ScheduleID, at next: Timestamp) {
        guard let shard = schedules[id]?.row.shard else { return }
        shards[shard].due.insert(TimedID(time: next, id: id))
        shards[shard].low = min(shards[shard].low, next)
    }

    /// When the first armed schedule of a shard is due; drops index entries that no longer apply.
    ///
    /// - Parameter start: ignores schedules due before it; if there are any, it scans all schedules.
    mutating func firstDue(_ shard: Int, from start: Timestamp = .distantPast) -> Timestamp? {
        if let first = firstDue(shard), first >= start { return first }
        return schedules.values.lazy.filter { $0.row.shard == shard }.compactMap(\.row.nextAt).filter { $0 >= start }
            .min()
    }

    private mutating func firstDue(_ shard: Int) -> Timestamp? {
        while let first = shards[shard].due.first {
            if schedules[first.id]?.row.nextAt == first.time { return first.time }
            _ = shards[shard].due.popFirst()
        }
        return nil
    }

    /// The earliest planned trigger of a shard.
    mutating func firstPlanned(_ shard: Int) -> Timestamp? {
        while let first = shards[shard].planned.first {
            if trigger(first.id)?.state == .planned { return first.time }
            _ = shards[shard].planned.popFirst()
        }
        return nil
    }

    mutating func scheduleCheck(of id: TriggerID, at time: Timestamp) {
        checkAt[id] = time
        checks.insert(TimedID(time: time, id: id))
    }
}
