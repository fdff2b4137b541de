import Model
import Store

extension PostgresRow {
    /// Reads id, tenant, name, occurrence, planned_at, deadline, redrive, attempts, action, kind from column 0 on.
    func queuedTrigger() throws(PostgresError) -> QueuedTrigger {
        QueuedTrigger(
            message: TriggerMessage(
                id: try required(0, uuid), kind: TriggerKind(rawValue: try required(9, int)) ?? .scheduled,
                redrive: try required(6, int), occurrence: try required(3, time), plannedAt: try required(4, time),
                deadline: try required(5, time), tenant: try required(1, text), schedule: try required(2, text),
                action: try bytes(8) ?? []), attempts: try required(7, int))
    }
}
