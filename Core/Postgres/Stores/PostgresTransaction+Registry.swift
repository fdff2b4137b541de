import Model
import Store

/// An open trigger that a change, pause or delete of its schedule cancels.
struct OpenTrigger: Sendable {
    var id: TriggerID
    var schedule: ScheduleID
    /// Whether the queue may hold it.
    var isQueued: Bool
    /// Its occurrence, if that is to be planned again: only a scheduled trigger later than everything settled is.
    var replanned: Timestamp?
    var shard: Int
    var revision: Int

    /// Columns of `api-cancel-open` and `settle-cancelled`.
    enum Column: Int, ResultColumn {
        case id, isQueued, replanned, scheduleID, shard, revision
    }

    init(_ row: PostgresRow<Column>) throws(PostgresError) {
        id = try row.required(.id, row.id)
        isQueued = try row.required(.isQueued, row.bool)
        replanned = try row.time(.replanned)
        schedule = try row.required(.scheduleID, row.id)
        shard = try row.required(.shard, row.int)
        revision = try row.required(.revision, row.int)
    }
}

extension PostgresTransaction {
    /// The schedule of that name; locks its row and its name's row until the transaction ends.
    func find(_ name: ScheduleName, _ tenant: TenantID) throws(PostgresError) -> ScheduleRow? {
        try query(StatementCall(.apiLockNames, [.tenants([tenant]), .names([name])])) { row throws(PostgresError) in
            try row.schedule()
        }.first
    }

    /// The first mismatch between a write's expected revision and its schedule; nil if there is none. Locks those
    /// schedules until the transaction ends.
    func mismatch(_ writes: [ScheduleWrite]) throws(PostgresError) -> RevisionMismatch? {
        for write in writes {
            guard let expecting = write.expecting else { continue }
            if let mismatch = expecting.mismatch(try find(write.name, write.tenant)) { return mismatch }
        }
        return nil
    }

    func trigger(_ id: TriggerID, tenant: TenantID) throws(PostgresError) -> TriggerRow? {
        try query(StatementCall(.apiTrigger, [.uuid(id), .time(id.v7Time), .tenant(tenant)])) {
            row throws(PostgresError) in
            try row.trigger()
        }.first
    }

    /// Requests cancellation of the schedules' open triggers: scheduled ones, or, if the schedules are deleted, all
    /// kinds. Planned triggers are cancelled at once; queued ones are decided by the queue.
    func cancelOpen(
        _ schedules: [ScheduleID], now: Timestamp, reason: CancelReason
    ) throws(PostgresError) -> [OpenTrigger] {
        try query(
            StatementCall(
                .apiCancelOpen, [.uuids(schedules), .time(now), .text(reason.rawValue), .bool(reason == .deleted)])
        ) {
            row throws(PostgresError) in
            try OpenTrigger(row)
        }
    }

    /// Marks triggers as cancelled whose cancellation was requested and that the queue does not hold, and rewinds their
    /// schedules so that they are planned again, after the resume if paused.
    func settleCancelled(_ triggers: [CancelledTrigger], reason: CancelReason) throws(PostgresError) {
        let sorted = triggers.sorted { $0.id < $1.id }
        let call = StatementCall(
            .settleCancelled,
            [
                .uuids(sorted.map(\.id)), .times(sorted.map(\.id.v7Time)), .text(reason.rawValue),
                .bools(sorted.map(\.mayBeCalled)),
            ])
        try rewind(try query(call) { row throws(PostgresError) in try OpenTrigger(row) })
    }

    /// Copies the actions of schedules that are about to be changed or deleted, for triggers that still refer to them
    /// (protocols.md, 9a). The monitor drops copies that no trigger refers to.
    func keepActions(of rows: [ScheduleRow], now: Timestamp) throws(PostgresError) {
        if rows.isEmpty { return }
        let sorted = rows.sorted { $0.id < $1.id }
        try execute(
            StatementCall(
                .keepActions,
                [
                    .smallints(sorted.map(\.shard)), .uuids(sorted.map(\.id)),
                    .time(now + PostgresTransaction.keptAtLeast),
                ])
        )
    }
    /// How long a copy is kept before the monitor first checks whether it is needed.
    private static let keptAtLeast = Duration.seconds(60)

    /// Moves schedules back to the first of their cancelled triggers that is to be planned again (decision 0006).
    func rewind(_ cancelled: [OpenTrigger]) throws(PostgresError) {
        var places: [ScheduleID: (shard: Int, first: Timestamp, revision: Int, count: Int)] = [:]
        for trigger in cancelled {
            guard let occurrence = trigger.replanned else { continue }
            let known = places[trigger.schedule]
            places[trigger.schedule] = (
                trigger.shard, min(known?.first ?? occurrence, occurrence),
                max(known?.revision ?? 0, trigger.revision), (known?.count ?? 0) + 1
            )
        }
        if places.isEmpty { return }
        try shareFloors(of: Set(places.values.map(\.shard)))
        let sorted = places.sorted { $0.key < $1.key }
        let call = StatementCall(
            .rewind,
            [
                .smallints(sorted.map(\.value.shard)), .uuids(sorted.map(\.key)),
                .times(sorted.map(\.value.first)),
                .ints(sorted.map(\.value.revision)), .ints(sorted.map(\.value.count)),
                .time(try now() + PostgresTransaction.keptAtLeast),
            ])
        let armed = try query(call) { row throws(PostgresError) in try row.armed() }.filter { $0.next != nil }
        if armed.isEmpty { return }
        try execute(StatementCall(.apiLowerFloor, [.smallints(armed.map(\.shard)), .times(armed.map(\.next))]))
    }

    /// Appends one entry to the audit log.
    func appendAudit(
        _ actor: AuditActor, _ action: String, _ object: some CustomStringConvertible, reason: String? = nil,
        now: Timestamp
    ) throws(PostgresError) {
        try appendAudit([(actor.tenant, object.description)], by: actor.subject, action, reason: reason, now: now)
    }

    /// Appends an entry per object to the audit log.
    func appendAudit(
        _ objects: [(tenant: TenantID, object: String)], by subject: String, _ action: String, reason: String? = nil,
        now: Timestamp
    ) throws(PostgresError) {
        try execute(
            StatementCall(
                .apiAudit,
                [
                    .time(now), .text(subject), .text(action), .tenants(objects.map(\.tenant)),
                    .texts(objects.map(\.object)), .texts(objects.map { _ in reason }),
                ]))
    }

    /// Inserts schedules whose names are taken already.
    func insert(_ rows: [ScheduleRow], kind: ScheduleKind, now: Timestamp) throws(PostgresError) {
        try execute(
            StatementCall(
                .apiInsertSchedules,
                [
                    .smallint(kind.rawValue), .time(now), .tenants(rows.map(\.tenant)), .smallints(rows.map(\.shard)),
                    .uuids(rows.map(\.id)),
                    .names(rows.map(\.name)), .smallints(rows.map(\.state.rawValue)), .times(rows.map(\.nextAt)),
                    .times(rows.map(\.resumeAt)), .byteas(rows.map(\.timing)), .byteas(rows.map(\.action)),
                    .texts(rows.map(\.pauseReason)),
                ]))
    }

    /// Keeps loaders from raising the floors of these shards until the transaction ends.
    ///
    /// A floor is a lower bound, cached in the shard's row, at which scans for due schedules or planned triggers begin
    /// (protocols.md, 14). Every writer of schedules shares its lock; a loader raises floors only while it holds it
    /// alone.
    func shareFloors(of shards: Set<Int>) throws(PostgresError) {
        for shard in shards.sorted() {
            try execute(StatementCall(.shareFloor, [.int(shard)]))
        }
    }

    /// What each write makes of its schedule, and the queued triggers to cancel in the queue. Requests their
    /// cancellation and keeps the actions of changed schedules.
    func results(
        of writes: [ScheduleWrite], existing: [ScheduleRow], now: Timestamp
    ) throws(PostgresError) -> [PutResult] {
        let rows = Dictionary(uniqueKeysWithValues: existing.map { (ScheduleKey($0.tenant, $0.name), $0) })
        var replaced: [CancelReason: [ScheduleRow]] = [:]
        for write in writes {
            guard let row = rows[ScheduleKey(write.tenant, write.name)],
                let reason = write.cancelReason(replacing: row)
            else { continue }
            replaced[reason, default: []].append(row)
        }
        try keepActions(of: replaced[.superseded] ?? [], now: now)
        var open: [OpenTrigger] = []
        for (reason, rows) in replaced.sorted(by: { $0.key.rawValue > $1.key.rawValue }) {
            open += try cancelOpen(rows.map(\.id), now: now, reason: reason)
        }
        let bySchedule = Dictionary(grouping: open, by: \.schedule)
        return writes.map { write in
            guard let row = rows[ScheduleKey(write.tenant, write.name)] else {
                return PutResult(row: write.newRow(now: now), isCreated: true, isChanged: true, cancelled: [])
            }
            let open = bySchedule[row.id] ?? []
            let from = ScheduleWrite.resumption(
                of: row, takenBack: open.filter { !$0.isQueued }.compactMap(\.replanned), now: now)
            let new = write.replaced(row, from: from, now: now)
            return PutResult(
                row: new, isCreated: false, isChanged: new != row,
                cancelled: open.filter(\.isQueued).map(\.id))
        }
    }

    /// Inserts the new schedules, updates the changed ones, and lowers the floors of their shards.
    func write(_ results: [PutResult], now: Timestamp) throws(PostgresError) {
        let results = results.filter(\.isChanged)
        if results.isEmpty { return }
        let new = results.filter(\.isCreated).map(\.row)
        let old = results.filter { !$0.isCreated }.map(\.row)
        if !new.isEmpty { try insert(new, kind: .named, now: now) }
        if !old.isEmpty {
            try execute(
                StatementCall(
                    .apiUpdateSchedules,
                    [
                        .time(now), .smallints(old.map(\.shard)), .uuids(old.map(\.id)), .ints(old.map(\.revision)),
                        .smallints(old.map(\.state.rawValue)), .times(old.map(\.nextAt)), .times(old.map(\.resumeAt)),
                        .byteas(old.map(\.timing)), .byteas(old.map(\.action)), .texts(old.map(\.pauseReason)),
                    ]))
        }
        try watchFailures(results)
        let armed = results.map(\.row).filter { $0.nextAt != nil }
        if !armed.isEmpty {
            try execute(
                StatementCall(.apiLowerFloor, [.smallints(armed.map(\.shard)), .times(armed.map(\.nextAt))]))
        }
    }
}

private struct ScheduleKey: Hashable {
    var tenant: TenantID
    var name: ScheduleName

    init(_ tenant: TenantID, _ name: ScheduleName) {
        self.tenant = tenant
        self.name = name
    }
}
