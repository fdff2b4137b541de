package import Model
package import Store

extension InMemoryStore: MonitorStore {
    private static let checkAgainAfter = Duration.seconds(60)

    /// Puts unsettled triggers on the overdue list and advances the mark, in one step.
    package func sweep(now: Timestamp) async throws {
        withTables { tables in
            let end = now - .seconds(60)
            while let first = tables.unswept.first, first.time < end {
                _ = tables.unswept.popFirst()
                guard first.time >= tables.sweptTo, tables.checkAt[first.id] == nil,
                    tables.trigger(first.id)?.state.isFinal == false
                else { continue }
                tables.scheduleCheck(of: first.id, at: now)
            }
            tables.sweptTo = max(tables.sweptTo, end)
        }
    }

    /// Overdue triggers, the earliest check first.
    package func takeOverdue(now: Timestamp, limit: Int) async throws -> [OverdueTrigger] {
        withTables { tables in
            var ids: [TriggerID] = []
            while ids.count < limit, let first = tables.checks.first, first.time <= now {
                _ = tables.checks.popFirst()
                if tables.checkAt[first.id] == first.time { ids.append(first.id) }
                if tables.checkAt[first.id] == first.time { tables.checkAt[first.id] = .distantFuture }
            }
            for id in ids { tables.scheduleCheck(of: id, at: now + InMemoryStore.checkAgainAfter) }
            return ids.map { id in
                let trigger = tables.trigger(id)
                return OverdueTrigger(
                    id: id, state: trigger?.state, isCancelRequested: trigger?.isCancelRequested ?? false,
                    trigger: trigger.map { tables.queuedTrigger($0) })
            }
        }
    }

    /// Removes triggers whose check was not rescheduled since.
    package func dropOverdue(_ ids: [TriggerID], takenAt now: Timestamp) async throws {
        withTables { tables in
            for id in ids where tables.checkAt[id] == now + InMemoryStore.checkAgainAfter { tables.checkAt[id] = nil }
        }
    }

    /// Makes the whole list due for a check.
    package func recheckOverdue(now: Timestamp) async throws {
        withTables { tables in
            for (id, time) in tables.checkAt.sorted(by: { $0.key < $1.key }) where time > now {
                tables.scheduleCheck(of: id, at: now)
            }
        }
    }

    /// A page of queued triggers, by planned time and id.
    package func unsettled(after last: (Timestamp, TriggerID)?, limit: Int) async throws -> [QueuedTrigger] {
        withTables { tables in
            let after = last.map { TimedID(time: $0.0, id: $0.1) }
            let found = tables.unswept.unordered.filter { entry in
                entry.time >= tables.sweptTo && after.map { $0 < entry } ?? true
                    && tables.trigger(entry.id)?.isSendable == true
            }
            return found.sorted().prefix(limit).map { tables.queuedTrigger(tables.trigger($0.id)!) }
        }
    }

    /// Marks triggers as cancelled and rewinds their schedules, in one step.
    package func settleCancelled(_ triggers: [CancelledTrigger]) async throws {
        withTables { $0.settleCancelled(triggers, reason: .cancelled) }
    }

    /// Does nothing: actions are kept for good.
    package func dropActions(now: Timestamp) async throws {}

    /// Lowers the floors to planned triggers.
    package func lowerPlannedFloors(_ ids: [TriggerID]) async throws {
        withTables { tables in
            for trigger in ids.compactMap({ tables.trigger($0) }) where trigger.state == .planned {
                tables.shards[trigger.shard].plannedLow = min(
                    tables.shards[trigger.shard].plannedLow, trigger.plannedAt)
            }
        }
    }

    /// Cancels those that are still queued.
    package func cancelLost(_ ids: [TriggerID]) async throws {
        withTables { tables in
            for id in ids.sorted() {
                tables.update(id) { trigger in
                    guard trigger.state == .queued else { return }
                    trigger.state = .cancelled
                    trigger.reason = "lost with its action: the schedule was changed or deleted"
                }
            }
        }
    }

    /// The days that have a table, ascending; all are attached.
    package func days() async throws -> [TriggerDay] {
        withTables { tables in
            tables.days.keys.sorted().map { TriggerDay(start: Timestamp(seconds: $0 * 86_400), place: .attached) }
        }
    }

    /// Adds a day; false: it existed.
    package func addDay(_ day: Timestamp) async throws -> Bool {
        withTables { tables in
            let number = InMemoryTables.day(day)
            if tables.days[number] != nil { return false }
            tables.days[number] = StoredDay()
            return true
        }
    }

    /// Drops a settled day.
    package func dropDay(_ day: TriggerDay) async throws -> Bool {
        withTables { tables in
            let number = InMemoryTables.day(day.start)
            guard tables.days[number]?.unsettled == 0 else { return false }
            for id in tables.days[number]?.triggers.keys ?? [:].keys { tables.dead.remove(id) }
            tables.days[number] = nil
            return true
        }
    }

    /// Does nothing: this store has no one-off triggers.
    package func dropOneOffs(before time: Timestamp) async throws {}

    /// Drops the load before a time.
    package func dropLoad(before time: Timestamp) async throws {
        withTables { tables in
            for shard in tables.shards.indices {
                tables.shards[shard].load = tables.shards[shard].load.filter { $0.key >= time.seconds }
            }
        }
    }

    /// Does nothing: this store keeps no idempotency keys.
    package func dropRequests(before time: Timestamp) async throws {}

    /// Always 0: tenants have no settings or secrets here.
    package func directoryVersion() async throws -> Int { 0 }
    /// Always empty.
    package func directoryEntries(after version: Int, limit: Int) async throws -> [DirectoryEntry] { [] }
    /// Does nothing.
    package func dropTenants(before time: Timestamp, publishedTo version: Int) async throws {}
    /// Always empty: all tenants weigh the same.
    package func weights() async throws -> [TenantID: Double] { [:] }

    /// The generation last set.
    package func generation() async throws -> RecordedGeneration { withTables { $0.generation } }

    /// Overwrites the generation, even with a lower counter.
    package func setGeneration(_ generation: RecordedGeneration) async throws {
        withTables { $0.generation = generation }
    }

    /// Those of the messages that are over.
    package func finished(_ messages: [(id: TriggerID, redrive: Int)]) async throws -> [TriggerID] {
        withTables { tables in
            messages.filter { message in
                tables.trigger(message.id).map { $0.state.isFinal || $0.redrive > message.redrive } ?? true
            }.map(\.id)
        }
    }

    /// Does nothing: duties are not recorded.
    package func completeDuties(_ names: [String], now: Timestamp) async throws {}
    /// Every duty as done just now; the partition as it is.
    package func monitorAge(now: Timestamp) async throws -> MonitorAge {
        withTables { tables in
            MonitorAge(
                doneAt: Dictionary(uniqueKeysWithValues: MonitorDuty.allCases.map { ($0, now) }),
                hasTomorrow: tables.days[InMemoryTables.day(now) + 1] != nil)
        }
    }
}
