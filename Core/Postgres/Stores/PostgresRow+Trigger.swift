import Model
import Store

extension PostgresRow {
    /// Reads id, tenant, name, occurrence, planned_at, deadline, redrive, attempts, action, kind and schedule_id from
    /// column 0 on. A null action becomes an empty one.
    func queuedTrigger() throws(PostgresError) -> QueuedTrigger {
        let kind = TriggerKind(rawValue: try required(9, int)) ?? .scheduled
        let occurrence = try required(3, time)
        let key = TriggerKey(schedule: try required(10, uuid), kind: kind, revision: 0, occurrence: occurrence)
        return QueuedTrigger(
            message: TriggerMessage(
                id: try required(0, uuid), key: key.idempotencyKey, kind: kind,
                redrive: try required(6, int), occurrence: occurrence, plannedAt: try required(4, time),
                deadline: try required(5, time), tenant: try required(1, text), schedule: try required(2, text),
                action: try bytes(8) ?? []), attempts: try required(7, int))
    }
}
