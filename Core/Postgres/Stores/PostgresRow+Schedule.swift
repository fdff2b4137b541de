import Model
import Store

/// Columns of every statement that returns whole schedules, such as `api-lock-names`.
enum ScheduleColumn: Int, ResultColumn {
    case id, tenant, name, shard, revision, state, nextAt, resumeAt, timing, action, pauseReason, createdAt, updatedAt
    case fired
}

extension PostgresRow<ScheduleColumn> {
    func schedule() throws(PostgresError) -> ScheduleRow {
        ScheduleRow(
            id: try required(.id, id), tenant: try required(.tenant, tenant), name: try required(.name, scheduleName),
            shard: try required(.shard, int), revision: try required(.revision, int),
            state: ScheduleState(rawValue: try required(.state, int)) ?? .active, nextAt: try time(.nextAt),
            resumeAt: try time(.resumeAt), timing: try required(.timing, bytes), action: try required(.action, bytes),
            pauseReason: try text(.pauseReason), createdAt: try required(.createdAt, time),
            updatedAt: try required(.updatedAt, time), fired: try required(.fired, int))
    }
}

/// Where schedules were armed: columns of `rewind` and `reshard-schedules`.
enum ArmedColumn: Int, ResultColumn {
    case shard, nextAt
}

extension PostgresRow<ArmedColumn> {
    /// Nil next: the schedule has no next occurrence.
    func armed() throws(PostgresError) -> (shard: Int, next: Timestamp?) {
        (try required(.shard, int), try time(.nextAt))
    }
}
