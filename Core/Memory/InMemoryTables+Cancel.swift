import Model
import Store

/// What a change of a schedule does to its open triggers, and what their cancellation does to the schedule
/// (protocols.md, 8; decision 0006).
extension InMemoryTables {
    /// A trigger that is being cancelled, and what its schedule needs to know to plan it again.
    struct CancelTarget: Sendable {
        var id: TriggerID
        var schedule: ScheduleID
        var revision: Int
        /// Whether the queue may hold it.
        var isQueued: Bool
        /// Its occurrence, if that is to be planned again: only of a scheduled trigger later than every settled one.
        var replanned: Timestamp?
    }

    func row(_ name: ScheduleName, tenant: TenantID) -> ScheduleRow? {
        names[Name(tenant: tenant, name: name)].flatMap { schedules[$0]?.row }
    }

    /// Changes a schedule's row and indexes it again.
    mutating func write(_ id: ScheduleID, _ body: (inout ScheduleRow) -> Void) {
        guard schedules[id] != nil else { return }
        body(&schedules[id]!.row)
        if let next = schedules[id]!.row.nextAt { arm(id, at: next) }
    }

    mutating func put(_ write: ScheduleWrite, now: Timestamp) -> PutResult {
        guard let row = row(write.name, tenant: write.tenant) else {
            let new = write.newRow(now: now)
            schedules[new.id] = StoredSchedule(row: new)
            schedules[new.id]?.beganAt = new.nextAt ?? new.resumeAt
            names[Name(tenant: new.tenant, name: new.name)] = new.id
            self.write(new.id) { _ in }
            return PutResult(row: new, isCreated: true, isChanged: true, cancelled: [])
        }
        let reason = write.cancelReason(replacing: row)
        if reason == .superseded { keepAction(of: row) }
        let open = reason.map { cancelOpen(row.id, now: now, reason: $0) } ?? []
        let from = ScheduleWrite.resumption(
            of: row, takenBack: open.filter { !$0.isQueued }.compactMap(\.replanned), now: now)
        let new = write.replaced(row, from: from, now: now)
        if new == row { return PutResult(row: row, isCreated: false, isChanged: false, cancelled: []) }
        if new.revision != row.revision {
            rememberEarlier(row.id)
            schedules[row.id]?.fired = 0
            schedules[row.id]?.beganAt = new.nextAt ?? new.resumeAt
        }
        schedules[row.id]?.resumeMissed = nil
        schedules[row.id]?.ahead = nil
        self.write(row.id) { row in
            row = new
            if new.state != .paused { row.pauseReason = nil }
        }
        return PutResult(
            row: new, isCreated: false, isChanged: true, cancelled: open.filter(\.isQueued).map(\.id))
    }

    mutating func pause(_ id: ScheduleID, reason: String, now: Timestamp) {
        guard let before = schedules[id]?.row, before.state != .finished else { return }
        schedules[id]?.resumeMissed = nil
        schedules[id]?.ahead = nil
        write(id) { row in
            (row.state, row.resumeAt, row.nextAt) = (.paused, row.resumeAt ?? row.nextAt, nil)
            row.updatedAt = now
            if !(before.state == .paused && reason.isEmpty) { row.pauseReason = reason }
        }
    }

    /// Remembers the open triggers whose occurrences a new revision may plan too.
    private mutating func rememberEarlier(_ schedule: ScheduleID) {
        let before = schedules[schedule]?.earlier ?? [:]
        var earlier = before.filter { trigger($0.value).map { !$0.state.isFinal } ?? false }
        // Planned triggers that were just cancelled are no longer open; they were never sent and need not be
        // remembered.
        for id in schedules[schedule]?.open ?? [] {
            if let trigger = trigger(id), trigger.kind == .scheduled { earlier[trigger.occurrence] = id }
        }
        schedules[schedule]?.earlier = earlier
    }

    /// Requests cancellation of a schedule's open triggers: only the scheduled ones, or those of every kind if the
    /// schedule is being deleted. Planned triggers are cancelled at once.
    mutating func cancelOpen(
        _ schedule: ScheduleID, now: Timestamp, reason: CancelReason
    ) -> [CancelTarget] {
        let settled = schedules[schedule]?.lastSettled ?? .distantPast
        let ids = schedules[schedule]?.open ?? []
        return ids.compactMap { id in
            guard let trigger = trigger(id), reason == .deleted || trigger.kind == .scheduled else { return nil }
            requestCancel(id, now: now, reason: reason)
            return CancelTarget(
                id: id, schedule: schedule, revision: trigger.revision, isQueued: trigger.state == .queued,
                replanned: trigger.kind == .scheduled && trigger.occurrence > settled ? trigger.occurrence : nil)
        }
    }

    mutating func requestCancel(_ id: TriggerID, now: Timestamp, reason: CancelReason) {
        let isQueued = update(id) { trigger in
            if trigger.state.isFinal { return false }
            (trigger.isCancelRequested, trigger.reason) = (true, reason.rawValue)
            if trigger.state == .planned { trigger.state = .cancelled }
            return trigger.state == .queued
        }
        if isQueued == true { scheduleCheck(of: id, at: now + .seconds(5)) }
    }

    /// Marks triggers as cancelled whose cancel was requested and that the queue does not hold.
    mutating func settleCancelled(_ triggers: [CancelledTrigger], reason: CancelReason) {
        var cancelled: [CancelTarget] = []
        for asked in triggers.sorted(by: { $0.id < $1.id }) {
            let id = asked.id
            let isSettled = update(id) { trigger in
                if trigger.state.isFinal || !trigger.isCancelRequested { return false }
                let suffix = asked.mayBeCalled || trigger.attempts > 0 ? " after a call" : ""
                (trigger.state, trigger.reason) = (.cancelled, (trigger.reason ?? reason.rawValue) + suffix)
                return true
            }
            guard isSettled == true, let trigger = trigger(id), trigger.kind == .scheduled,
                CancelReason.plannedAgain.contains(where: { $0.rawValue == trigger.reason }),
                trigger.occurrence > schedules[trigger.schedule]?.lastSettled ?? .distantPast
            else { continue }
            cancelled.append(
                CancelTarget(
                    id: id, schedule: trigger.schedule, revision: trigger.revision, isQueued: false,
                    replanned: trigger.occurrence))
        }
        rewind(cancelled)
    }

    /// Moves schedules back to the first of their cancelled triggers, under the conditions of `rewind.sql`.
    mutating func rewind(_ cancelled: [CancelTarget]) {
        var places: [ScheduleID: (occurrence: Timestamp, revision: Int, count: Int)] = [:]
        for trigger in cancelled {
            guard let occurrence = trigger.replanned else { continue }
            let known = places[trigger.schedule]
            places[trigger.schedule] = (
                min(known?.occurrence ?? occurrence, occurrence), max(known?.revision ?? 0, trigger.revision),
                (known?.count ?? 0) + 1
            )
        }
        for (id, place) in places {
            guard let schedule = schedules[id] else { continue }
            if schedule.row.revision == place.revision {
                if schedule.row.state == .paused { rewindPaused(id, from: place.occurrence, count: place.count) }
            } else if schedule.row.revision > place.revision {
                if place.occurrence < schedule.beganAt ?? .distantFuture {
                    rewindBeforeStart(id, to: place.occurrence)
                } else if schedule.row.cursor ?? .distantFuture > place.occurrence {
                    rewindPassed(id, to: place.occurrence, count: place.count)
                }
            }
        }
    }

    /// Rewinds a schedule whose newer revision is already past the occurrence but could not insert it, because the
    /// older revision's trigger was not yet cancelled. Triggers planned since keep their ids and are not inserted
    /// twice.
    private mutating func rewindPassed(_ id: ScheduleID, to occurrence: Timestamp, count: Int) {
        guard let schedule = schedules[id] else { return }
        let key = TriggerKey(
            schedule: id, kind: .scheduled, revision: schedule.row.revision, occurrence: occurrence)
        if trigger(key.id()) != nil { return }
        schedules[id]?.ahead = nil
        // Triggers planned since will be counted again when they are planned again, so they are subtracted here.
        let again = schedule.open.compactMap { trigger($0) }.filter {
            $0.kind == .scheduled && $0.revision == schedule.row.revision && $0.occurrence >= occurrence
        }
        schedules[id]?.fired = max(0, schedule.fired - count - again.count)
        func earlier(_ time: Timestamp?) -> Timestamp { min(time ?? occurrence, occurrence) }
        write(id) { row in
            let isPaused = row.state == .paused
            row.nextAt = isPaused ? nil : earlier(row.nextAt)
            row.resumeAt = isPaused || row.resumeAt != nil ? earlier(row.resumeAt) : nil
            if row.state == .finished { row.state = .active }
        }
    }

    /// Moves a paused schedule back whose own revision planned the occurrence: raises the revision, which then begins
    /// there.
    private mutating func rewindPaused(_ id: ScheduleID, from occurrence: Timestamp, count: Int) {
        if let row = schedules[id]?.row { keepAction(of: row) }
        rememberEarlier(id)
        let fired = schedules[id]?.fired ?? 0
        schedules[id]?.fired = max(0, fired - count)
        schedules[id]?.ahead = nil
        write(id) { row in
            row.resumeAt = min(row.resumeAt ?? occurrence, occurrence)
            row.revision += 1
        }
        let resumeAt = schedules[id]?.row.resumeAt
        schedules[id]?.beganAt = resumeAt
    }

    /// Moves a schedule back whose newer revision began later: it remembers what it has planned since it began.
    private mutating func rewindBeforeStart(_ id: ScheduleID, to occurrence: Timestamp) {
        guard let schedule = schedules[id] else { return }
        let cursor = schedule.row.resumeAt ?? schedule.row.nextAt ?? .distantFuture
        if schedule.ahead == nil, let began = schedule.beganAt, cursor > began {
            schedules[id]?.ahead = began..<cursor
        }
        schedules[id]?.beganAt = occurrence
        func earlier(_ time: Timestamp?) -> Timestamp { min(time ?? occurrence, occurrence) }
        write(id) { row in
            let isPaused = row.state == .paused
            row.nextAt = isPaused ? nil : earlier(row.nextAt)
            row.resumeAt = isPaused || row.resumeAt != nil ? earlier(row.resumeAt) : nil
            if row.state == .finished { row.state = .active }
        }
    }

    func row(_ trigger: StoredTrigger) -> TriggerRow {
        let schedule = schedules[trigger.schedule]?.row
        return TriggerRow(
            id: trigger.id, schedule: trigger.schedule, tenant: schedule?.tenant ?? "", name: schedule?.name ?? "",
            kind: trigger.kind,
            state: trigger.state, revision: trigger.revision, redrive: trigger.redrive, occurrence: trigger.occurrence,
            plannedAt: trigger.plannedAt, deadline: trigger.deadline, attempts: trigger.attempts,
            latenessMilliseconds: trigger.latenessMilliseconds, isCancelRequested: trigger.isCancelRequested,
            count: trigger.count, lastOccurrence: trigger.lastOccurrence, reason: trigger.reason, log: trigger.log)
    }
}
