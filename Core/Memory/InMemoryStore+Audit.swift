package import Model
package import Store

/// What a simulation asks of the store besides what the functions ask.
extension InMemoryStore {
    /// The earliest time at which a loader of these shards finds something to do; nil: never.
    package func nextWork(of shards: Set<Int>) -> Timestamp? {
        withTables { tables in
            shards.compactMap { shard in
                [tables.firstDue(shard), tables.firstPlanned(shard)].compactMap(\.self).min()
            }.min()
        }
    }

    /// Shards with a pass that is not confirmed.
    package func hasUnconfirmed(in shards: Set<Int>) -> Bool {
        withTables { tables in
            shards.contains { tables.shards[$0].confirmedPass < tables.shards[$0].pass }
        }
    }

    package func nextDueSchedule(of shard: Int) -> Timestamp? { withTables { $0.firstDue(shard) } }

    /// As the queue should have it.
    package func queuedTrigger(_ id: Identifier) -> QueuedTrigger? {
        withTables { tables in tables.trigger(id).map { tables.queued($0) } }
    }

    package func stored(_ id: Identifier) -> StoredTrigger? { withTables { $0.trigger(id) } }

    package func row(of schedule: Identifier) -> ScheduleRow? { withTables { $0.schedules[schedule]?.row } }

    /// Whether nothing is planned beyond the first occurrence that is not: no catching up is under way.
    package func isPlannedInOrder(_ schedule: Identifier) -> Bool {
        withTables { $0.schedules[schedule]?.ahead == nil }
    }

    /// Every trigger of a day, in no order; nil while one is open, and the day is kept.
    package func triggers(ofSettled day: TriggerDay) -> [StoredTrigger]? {
        withTables { tables in
            guard let table = tables.days[InMemoryTables.day(day.start)], table.unsettled == 0 else { return nil }
            return Array(table.triggers.values)
        }
    }

    /// Whether somebody will come upon an open trigger without being told of it: the loader where it is planned, the monitor
    /// where it is queued.
    package func isWatched(_ id: Identifier) -> Bool {
        withTables { tables in
            guard let trigger = tables.trigger(id) else { return false }
            if trigger.state == .planned && tables.shards[trigger.shard].plannedLow > trigger.plannedAt { return false }
            return trigger.state == .planned || tables.checkAt[id] != nil || trigger.plannedAt >= tables.sweptTo
        }
    }

    /// An armed schedule below the floor of its shard, which no loader would find.
    package func hiddenSchedule() -> Identifier? {
        withTables { tables in
            for shard in tables.shards.indices {
                guard let due = tables.firstDue(shard), due < tables.shards[shard].low else { continue }
                return tables.shards[shard].due.first?.id
            }
            return nil
        }
    }
}
