import Model
import Store

/// Columns from which a trigger can be sent.
protocol QueuedTriggerColumns: ResultColumn {
    static var id: Self { get }
    static var tenant: Self { get }
    static var name: Self { get }
    static var occurrence: Self { get }
    static var plannedAt: Self { get }
    static var deadline: Self { get }
    static var redrive: Self { get }
    static var attempts: Self { get }
    static var action: Self { get }
    static var kind: Self { get }
    static var scheduleID: Self { get }
}

/// Columns of `claim-planned`, `unconfirmed-triggers`, `unsettled-triggers` and `api-redrive`.
enum QueuedTriggerColumn: Int, QueuedTriggerColumns {
    case id, tenant, name, occurrence, plannedAt, deadline, redrive, attempts, action, kind, scheduleID
}

extension PostgresRow where Column: QueuedTriggerColumns {
    /// A null action becomes an empty one.
    func queuedTrigger() throws(PostgresError) -> QueuedTrigger {
        let kind = TriggerKind(rawValue: try required(.kind, int)) ?? .scheduled
        let occurrence = try required(.occurrence, time)
        let key = TriggerKey(schedule: try required(.scheduleID, id), kind: kind, revision: 0, occurrence: occurrence)
        return QueuedTrigger(
            message: TriggerMessage(
                id: try required(.id, id), key: key.idempotencyKey, kind: kind,
                redrive: try required(.redrive, int), occurrence: occurrence, plannedAt: try required(.plannedAt, time),
                deadline: try required(.deadline, time), tenant: try required(.tenant, tenant),
                schedule: try required(.name, scheduleName), action: try bytes(.action) ?? []),
            attempts: try required(.attempts, int))
    }
}

/// Columns of `api-trigger`, `api-triggers` and `api-triggers-of-schedule`.
enum TriggerColumn: Int, ResultColumn {
    case id, tenant, name, kind, state, revision, redrive, occurrence, plannedAt, deadline, attempts, latenessMs
    case cancelRequested, count, lastOccurrence, reason, attemptLog, scheduleID
}

extension PostgresRow<TriggerColumn> {
    func trigger() throws(PostgresError) -> TriggerRow {
        TriggerRow(
            id: try required(.id, id), schedule: try required(.scheduleID, id), tenant: try required(.tenant, tenant),
            name: try required(.name, scheduleName),
            kind: TriggerKind(rawValue: try required(.kind, int)) ?? .scheduled,
            state: TriggerState(rawValue: try required(.state, int)) ?? .queued,
            revision: try required(.revision, int), redrive: try required(.redrive, int),
            occurrence: try required(.occurrence, time), plannedAt: try required(.plannedAt, time),
            deadline: try required(.deadline, time), attempts: try required(.attempts, int),
            latenessMilliseconds: try int(.latenessMs), isCancelRequested: try required(.cancelRequested, bool),
            count: try required(.count, int), lastOccurrence: try time(.lastOccurrence), reason: try text(.reason),
            log: try bytes(.attemptLog) ?? [])
    }
}
