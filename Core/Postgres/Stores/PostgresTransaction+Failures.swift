import Model
import Store

/// A trigger whose outcome or expiry was just recorded, for counting failures and making failure calls.
struct RecordedTrigger: Sendable {
    var id: TriggerID
    var kind: TriggerKind
    var schedule: ScheduleID
    var tenant: TenantID
    var name: ScheduleName
    var shard: Int
    /// The final state that the outcome gave it; `queued` if the outcome did not end it.
    var state: TriggerState
    var occurrence: Timestamp
    var attempts: Int
    var reason: String?
    /// Occurrences that the row stands for, up to `lastOccurrence`: the loader records a run of lapsed occurrences as
    /// one row.
    var count = 1
    var lastOccurrence: Timestamp?

    /// Columns of `take-owed-calls`.
    enum OwedColumn: Int, ResultColumn {
        case triggerID, scheduleID, tenant, name, kind, occurrence, count, lastOccurrence, reason, shard
    }

    /// A trigger that a claim recorded as expired without it ever having been queued.
    init(owed row: PostgresRow<OwedColumn>) throws(PostgresError) {
        id = try row.required(.triggerID, row.id)
        schedule = try row.required(.scheduleID, row.id)
        tenant = try row.required(.tenant, row.tenant)
        name = try row.required(.name, row.scheduleName)
        kind = TriggerKind(rawValue: try row.required(.kind, row.int)) ?? .scheduled
        occurrence = try row.required(.occurrence, row.time)
        count = try row.required(.count, row.int)
        lastOccurrence = try row.time(.lastOccurrence)
        reason = try row.text(.reason)
        shard = try row.required(.shard, row.int)
        (state, attempts) = (.expired, 0)
    }

    /// Columns of `take-run-ends`.
    enum RunColumn: Int, ResultColumn {
        case triggerID, scheduleID, tenant, name, kind, occurrence, reason, shard, state
    }

    /// The end of a run: its trigger, as what the run counts as. Nil: trigger and schedule are gone.
    init?(run row: PostgresRow<RunColumn>) throws(PostgresError) {
        guard let known = try row.text(.name) else { return nil }
        id = try row.required(.triggerID, row.id)
        schedule = try row.required(.scheduleID, row.id)
        tenant = try row.required(.tenant, row.tenant)
        name = ScheduleName(checked: known)
        kind = TriggerKind(rawValue: try row.required(.kind, row.int)) ?? .scheduled
        occurrence = try row.required(.occurrence, row.time)
        reason = try row.text(.reason)
        shard = try row.required(.shard, row.int)
        state = TriggerState(rawValue: try row.required(.state, row.int)) ?? .dead
        attempts = 1
    }

    /// Columns of `record-outcomes-and-return` and `expire-planned`.
    enum Column: Int, ResultColumn {
        case scheduleID, state, occurrence, reason, id, kind, tenant, name, shard, attempts, outcome
    }

    init(_ row: PostgresRow<Column>) throws(PostgresError) {
        schedule = try row.required(.scheduleID, row.id)
        let state = TriggerState(rawValue: try row.required(.state, row.int)) ?? .queued
        let outcome = TriggerState(rawValue: try row.required(.outcome, row.int)) ?? .queued
        // A late outcome of an earlier attempt does not end the trigger.
        self.state = state == outcome ? state : .queued
        occurrence = try row.required(.occurrence, row.time)
        reason = try row.text(.reason)
        id = try row.required(.id, row.id)
        kind = TriggerKind(rawValue: try row.required(.kind, row.int)) ?? .scheduled
        tenant = try row.required(.tenant, row.tenant)
        name = try row.required(.name, row.scheduleName)
        shard = try row.required(.shard, row.int)
        attempts = try row.required(.attempts, row.int)
    }

    /// Skipped and cancelled triggers say nothing about the target.
    var isFailure: Bool { [.rejected, .expired, .dead].contains(state) }
    /// Whether it affects the count of consecutive failures: a failure raises it, a delivery resets it.
    var isCounted: Bool { isFailure || state == .delivered }
}

/// Columns of `count-failures`.
private enum FailingColumn: Int, ResultColumn {
    case scheduleID, shard, tenant, name, failures
}

extension PostgresTransaction {
    /// Whether any schedule is watched for failures, or any tenant has an `onFailure`.
    func isWatching() throws(PostgresError) -> Bool {
        try value(StatementCall(.isWatching), .bool) == true
    }

    /// Counts consecutive failures of the watched schedules among these, and pauses those that reach their
    /// `pauseAfter`. Returns the queued triggers of the paused schedules, which are to be cancelled in the queue.
    ///
    /// - Parameter ofRuns: these are ends of runs of flows, not of triggers.
    func countFailures(_ ended: [RecordedTrigger], ofRuns: Bool = false) throws(PostgresError) -> [TriggerID] {
        var counts: [ScheduleID: (isReset: Bool, failures: Int, total: Int, reason: String?)] = [:]
        for trigger in ended.sorted(by: { $0.occurrence < $1.occurrence }) where trigger.isCounted {
            let known = counts[trigger.schedule] ?? (false, 0, 0, nil)
            counts[trigger.schedule] =
                trigger.isFailure
                ? (known.isReset, known.failures + 1, known.total + 1, trigger.reason)
                : (true, 0, known.total, known.reason)
        }
        if counts.isEmpty { return [] }
        let sorted = counts.sorted { $0.key < $1.key }
        let call = StatementCall(
            .countFailures,
            [
                .uuids(sorted.map(\.key)), .bools(sorted.map(\.value.isReset)), .ints(sorted.map(\.value.failures)),
                .bool(ofRuns), .ints(sorted.map(\.value.total)),
            ])
        let failing = try query(call) { (row: PostgresRow<FailingColumn>) throws(PostgresError) in
            (
                id: try row.required(.scheduleID, row.id) as ScheduleID, shard: try row.required(.shard, row.int),
                tenant: try row.required(.tenant, row.tenant), name: try row.required(.name, row.scheduleName),
                failures: try row.required(.failures, row.int)
            )
        }
        var queued: [TriggerID] = []
        for schedule in failing {
            queued += try pauseFailing(
                schedule.id, shard: schedule.shard, tenant: schedule.tenant, name: schedule.name,
                reason: "\(schedule.failures) failures in a row, the last: \(counts[schedule.id]?.reason ?? "?")")
        }
        return queued
    }

    /// Cancels planned triggers; returns the queued ones, which whoever next takes them from the queue settles, at the
    /// latest the monitor.
    private func pauseFailing(
        _ id: ScheduleID, shard: Int, tenant: TenantID, name: ScheduleName, reason: String
    ) throws(PostgresError) -> [TriggerID] {
        let lock = StatementCall(.lockSchedules, [.smallints([shard]), .uuids([id])])
        let rows = try query(lock) { row throws(PostgresError) in try row.schedule() }
        if rows.isEmpty { return [] }
        let now = try now()
        let open = try cancelOpen([id], now: now, reason: .paused)
        try pause(rows, reason: reason, now: now)
        try rewind(open.filter { !$0.isQueued })
        try appendAudit(
            AuditActor(tenant: tenant, subject: "headgate"), "schedule.pause", name, reason: reason, now: now)
        return open.filter(\.isQueued).map(\.id)
    }

    /// Starts watching the schedules among these that configure `pauseAfter` or `onFailure`, and stops watching those
    /// that no longer do.
    func watchFailures(_ results: [PutResult]) throws(PostgresError) {
        var watched: [(row: ScheduleRow, policy: FailurePolicy)] = []
        var others: [ScheduleID] = []
        for result in results {
            if let policy = ActionRecord.failurePolicy(of: result.row.action) {
                watched.append((result.row, policy))
            } else if !result.isCreated {
                others.append(result.row.id)
            }
        }
        if !others.isEmpty { try execute(StatementCall(.unwatchFailures, [.uuids(others)])) }
        if watched.isEmpty { return }
        try execute(
            StatementCall(
                .watchFailures,
                [
                    .uuids(watched.map(\.row.id)), .smallints(watched.map(\.row.shard)),
                    .tenants(watched.map(\.row.tenant)), .names(watched.map(\.row.name)),
                    .ints(watched.map(\.policy.pauseAfter)), .bools(watched.map(\.policy.hasCall)),
                    .bools(watched.map { ActionRecord.startsFlow($0.row.action) }),
                ]))
    }
}
