package import Model
package import Store

/// What a simulation asks of the store beyond what functions ask.
extension InMemoryStore {
    /// When a loader of these shards next finds something to do; nil: never.
    package func nextWork(of shards: Set<Int>) -> Timestamp? {
        withTables { tables in
            shards.compactMap { shard in
                [tables.firstDue(shard), tables.firstPlanned(shard)].compactMap(\.self).min()
            }.min()
        }
    }

    /// Whether any of these shards has a pass that is not confirmed.
    package func hasUnconfirmed(in shards: Set<Int>) -> Bool {
        withTables { tables in
            shards.contains { tables.shards[$0].confirmedPass < tables.shards[$0].pass }
        }
    }

    /// When the shard's first schedule is due; nil: none is armed.
    package func nextDueSchedule(of shard: Int) -> Timestamp? { withTables { $0.firstDue(shard) } }

    /// The trigger as the queue should have it, whatever its state; nil: there is none.
    package func queuedTrigger(_ id: TriggerID) -> QueuedTrigger? {
        withTables { tables in tables.trigger(id).map { tables.queuedTrigger($0) } }
    }

    /// The trigger's row; nil: there is none.
    package func stored(_ id: TriggerID) -> StoredTrigger? { withTables { $0.trigger(id) } }

    /// The schedule's row; nil: it is gone.
    package func row(of schedule: ScheduleID) -> ScheduleRow? { withTables { $0.schedules[schedule]?.row } }

    /// Whether nothing after the schedule's cursor is planned, as it is while missed occurrences are being caught up
    /// with.
    package func isPlannedInOrder(_ schedule: ScheduleID) -> Bool {
        withTables { $0.schedules[schedule]?.ahead == nil }
    }

    /// Every trigger of a day, in no order; nil if the day is gone, or one of its triggers is open.
    package func triggers(ofSettled day: TriggerDay) -> [StoredTrigger]? {
        withTables { tables in
            guard let table = tables.days[InMemoryTables.day(day.start)], table.unsettled == 0 else { return nil }
            return Array(table.triggers.values)
        }
    }

    /// Whether an open trigger will be found without a notification: by the loader if it is planned, by the monitor if
    /// it is queued.
    package func isWatched(_ id: TriggerID) -> Bool {
        withTables { tables in
            guard let trigger = tables.trigger(id) else { return false }
            if trigger.state == .planned && tables.shards[trigger.shard].plannedLow > trigger.plannedAt { return false }
            return trigger.state == .planned || tables.checkAt[id] != nil || trigger.plannedAt >= tables.sweptTo
        }
    }

    /// An armed schedule below the floor of its shard, which no loader would find; nil: there is none.
    package func hiddenSchedule() -> ScheduleID? {
        withTables { tables in
            for shard in tables.shards.indices {
                guard let due = tables.firstDue(shard), due < tables.shards[shard].low else { continue }
                return tables.shards[shard].due.first?.id
            }
            return nil
        }
    }
}
