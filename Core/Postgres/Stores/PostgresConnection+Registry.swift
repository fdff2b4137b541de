import Model
import Store

/// An open trigger that a change of its schedule cancels.
struct OpenTrigger: Sendable {
    var id: Identifier
    /// The queue may hold it.
    var isQueued: Bool
    /// Its occurrence, where a new revision plans it again: it is of the calendar, and later than all that is settled.
    var replanned: Timestamp?
}

extension PostgresConnection {
    func find(_ name: String, _ tenant: String) throws(PostgresError) -> ScheduleRow? {
        try query(StatementCall(.apiLockNames, [.text(tenant), .texts([name])])) { row throws(PostgresError) in
            try row.schedule()
        }.first
    }

    /// The first write whose schedule is not as it expects. Locks those schedules, so that they stay as they are.
    func mismatch(_ writes: [ScheduleWrite], tenant: String) throws(PostgresError) -> RevisionMismatch? {
        for write in writes {
            guard let expecting = write.expecting else { continue }
            if let mismatch = expecting.mismatch(try find(write.name, tenant)) { return mismatch }
        }
        return nil
    }

    func trigger(_ id: Identifier, tenant: String) throws(PostgresError) -> TriggerRow? {
        try query(StatementCall(.apiTrigger, [.uuid(id), .time(id.v7Time), .text(tenant)])) {
            row throws(PostgresError) in
            try row.trigger()
        }.first
    }

    func cancelOpen(_ schedules: [Identifier], now: Timestamp, reason: String) throws(PostgresError) -> [OpenTrigger] {
        try query(StatementCall(.apiCancelOpen, [.uuids(schedules), .time(now), .text(reason)])) {
            row throws(PostgresError) in
            OpenTrigger(
                id: try row.required(0, row.uuid), isQueued: try row.required(1, row.bool),
                replanned: try row.time(2))
        }
    }

    func note(
        _ actor: AuditActor, _ action: String, _ object: String, reason: String? = nil, now: Timestamp
    ) throws(PostgresError) {
        try execute(
            StatementCall(
                .apiAudit,
                [
                    .time(now), .text(actor.tenant), .text(actor.subject), .text(action), .text(object), .text(reason),
                ]))
    }

    func insert(_ rows: [ScheduleRow], kind: Int, tenant: String, now: Timestamp) throws(PostgresError) {
        try execute(
            StatementCall(
                .apiInsertSchedules,
                [
                    .text(tenant), .smallint(kind), .time(now), .smallints(rows.map(\.shard)), .uuids(rows.map(\.id)),
                    .texts(rows.map(\.name)), .smallints(rows.map(\.state.rawValue)), .times(rows.map(\.nextAt)),
                    .times(rows.map(\.resumeAt)), .byteas(rows.map(\.timing)), .byteas(rows.map(\.action)),
                ]))
    }

    /// Writes new and replaced schedules, and lowers the floors of their shards.
    func write(_ results: [PutResult], tenant: String, now: Timestamp) throws(PostgresError) {
        let new = results.filter(\.isCreated).map(\.row)
        let old = results.filter { !$0.isCreated }.map(\.row)
        if !new.isEmpty { try insert(new, kind: 0, tenant: tenant, now: now) }
        if !old.isEmpty {
            try execute(
                StatementCall(
                    .apiUpdateSchedules,
                    [
                        .time(now), .smallints(old.map(\.shard)), .uuids(old.map(\.id)), .ints(old.map(\.revision)),
                        .smallints(old.map(\.state.rawValue)), .times(old.map(\.nextAt)), .times(old.map(\.resumeAt)),
                        .byteas(old.map(\.timing)), .byteas(old.map(\.action)),
                    ]))
        }
        let armed = results.map(\.row).filter { $0.nextAt != nil }
        if !armed.isEmpty {
            try execute(
                StatementCall(.apiLowerFloor, [.smallints(armed.map(\.shard)), .times(armed.map(\.nextAt))]))
        }
    }
}

extension ExpectedRevision {
    func mismatch(_ row: ScheduleRow?) -> RevisionMismatch? {
        guard let row else { return RevisionMismatch(revision: nil) }
        if case .exactly(let revision) = self, revision != row.revision {
            return RevisionMismatch(revision: row.revision)
        }
        return nil
    }
}

extension ScheduleWrite {
    func newRow(tenant: String, now: Timestamp) -> ScheduleRow {
        let next = next(now)
        let isPaused = paused == true
        return ScheduleRow(
            id: id, tenant: tenant, name: name, shard: shard, revision: 1,
            state: next == nil ? .finished : isPaused ? .paused : .active, nextAt: isPaused ? nil : next,
            resumeAt: isPaused ? next : nil, timing: timing, action: action, pauseReason: nil, createdAt: now,
            updatedAt: now)
    }

    /// The row after this write. Unchanged timing and action keep the revision; without `paused` a pause stays.
    func replaced(_ row: ScheduleRow, from: Timestamp, now: Timestamp) -> ScheduleRow {
        var new = row
        let isChanged = row.timing != timing || row.action != action
        let wasPaused = row.state == .paused
        let isPaused = paused ?? wasPaused
        if !isChanged && isPaused == wasPaused { return row }
        (new.timing, new.action, new.updatedAt) = (timing, action, now)
        if isChanged { new.revision += 1 }
        let next = isChanged ? next(from) : isPaused ? row.nextAt : next(row.resumeAt ?? now)
        new.state = next == nil ? .finished : isPaused ? .paused : .active
        new.nextAt = isPaused ? nil : next
        new.resumeAt = isPaused ? next : nil
        return new
    }
}

extension PostgresRow {
    func schedule() throws(PostgresError) -> ScheduleRow {
        ScheduleRow(
            id: try required(0, uuid), tenant: try required(1, text), name: try required(2, text),
            shard: try required(3, int), revision: try required(4, int),
            state: ScheduleState(rawValue: try required(5, int)) ?? .active, nextAt: try time(6), resumeAt: try time(7),
            timing: try required(8, bytes), action: try required(9, bytes), pauseReason: try text(10),
            createdAt: try required(11, time), updatedAt: try required(12, time))
    }

    func trigger() throws(PostgresError) -> TriggerRow {
        TriggerRow(
            id: try required(0, uuid), tenant: try required(1, text), name: try required(2, text),
            kind: TriggerKind(rawValue: try required(3, int)) ?? .scheduled,
            state: TriggerState(rawValue: try required(4, int)) ?? .queued, revision: try required(5, int),
            redrive: try required(6, int), occurrence: try required(7, time), plannedAt: try required(8, time),
            deadline: try required(9, time), attempts: try required(10, int), latenessMilliseconds: try int(11),
            isCancelRequested: try required(12, bool), count: try required(13, int), lastOccurrence: try time(14),
            reason: try text(15), log: try bytes(16) ?? [])
    }

    func key() throws(PostgresError) -> KeyRow {
        KeyRow(
            id: try required(0, uuid), tenant: try required(1, text), subject: try required(2, text),
            role: try required(3, text), groups: (try text(4) ?? "").split(separator: ",").map(String.init),
            isPlatform: try required(5, bool))
    }
}
