package import Model
package import Store

extension InMemoryStore: MonitorStore {
    private static let checkAgainAfter = Duration.seconds(60)

    package func sweep(now: Timestamp) async throws {
        withTables { tables in
            let end = now - .seconds(60)
            while let first = tables.unswept.first, first.time < end {
                _ = tables.unswept.popFirst()
                guard first.time >= tables.sweptTo, tables.checkAt[first.id] == nil,
                    tables.trigger(first.id)?.state.isFinal == false
                else { continue }
                tables.check(first.id, at: now)
            }
            tables.sweptTo = max(tables.sweptTo, end)
        }
    }

    package func takeOverdue(now: Timestamp, limit: Int) async throws -> [OverdueTrigger] {
        withTables { tables in
            var ids: [Identifier] = []
            while ids.count < limit, let first = tables.checks.first, first.time <= now {
                _ = tables.checks.popFirst()
                if tables.checkAt[first.id] == first.time { ids.append(first.id) }
                if tables.checkAt[first.id] == first.time { tables.checkAt[first.id] = .distantFuture }
            }
            for id in ids { tables.check(id, at: now + InMemoryStore.checkAgainAfter) }
            return ids.map { id in
                let trigger = tables.trigger(id)
                return OverdueTrigger(
                    id: id, state: trigger?.state, isCancelRequested: trigger?.isCancelRequested ?? false,
                    trigger: trigger.map { tables.queued($0) })
            }
        }
    }

    package func dropOverdue(_ ids: [Identifier], takenAt now: Timestamp) async throws {
        withTables { tables in
            for id in ids where tables.checkAt[id] == now + InMemoryStore.checkAgainAfter { tables.checkAt[id] = nil }
        }
    }

    package func recheckOverdue(now: Timestamp) async throws {
        withTables { tables in
            for (id, time) in tables.checkAt.sorted(by: { $0.key < $1.key }) where time > now {
                tables.check(id, at: now)
            }
        }
    }

    package func unsettled(after last: (Timestamp, Identifier)?, limit: Int) async throws -> [QueuedTrigger] {
        withTables { tables in
            let after = last.map { TimedID(time: $0.0, id: $0.1) }
            let found = tables.unswept.unordered.filter { entry in
                entry.time >= tables.sweptTo && after.map { $0 < entry } ?? true
                    && tables.trigger(entry.id)?.isSendable == true
            }
            return found.sorted().prefix(limit).map { tables.queued(tables.trigger($0.id)!) }
        }
    }

    package func settleCancelled(_ triggers: [CancelledTrigger]) async throws {
        withTables { $0.settleCancelled(triggers, reason: "cancelled") }
    }

    /// Actions are not forgotten here.
    package func dropActions(now: Timestamp) async throws {}

    package func lowerPlannedFloors(_ ids: [Identifier]) async throws {
        withTables { tables in
            for trigger in ids.compactMap({ tables.trigger($0) }) where trigger.state == .planned {
                tables.shards[trigger.shard].plannedLow = min(
                    tables.shards[trigger.shard].plannedLow, trigger.plannedAt)
            }
        }
    }

    package func cancelLost(_ ids: [Identifier]) async throws {
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

    package func days() async throws -> [TriggerDay] {
        withTables { tables in
            tables.days.keys.sorted().map { TriggerDay(start: Timestamp(seconds: $0 * 86_400), place: .attached) }
        }
    }

    package func addDay(_ day: Timestamp) async throws -> Bool {
        withTables { tables in
            let number = InMemoryTables.day(day)
            if tables.days[number] != nil { return false }
            tables.days[number] = StoredDay()
            return true
        }
    }

    package func dropDay(_ day: TriggerDay) async throws -> Bool {
        withTables { tables in
            let number = InMemoryTables.day(day.start)
            guard tables.days[number]?.unsettled == 0 else { return false }
            for id in tables.days[number]?.triggers.keys ?? [:].keys { tables.dead.remove(id) }
            tables.days[number] = nil
            return true
        }
    }

    /// There are none: one-off triggers are not made here.
    package func dropOneOffs(before time: Timestamp) async throws {}

    package func dropLoad(before time: Timestamp) async throws {
        withTables { tables in
            for shard in tables.shards.indices {
                tables.shards[shard].load = tables.shards[shard].load.filter { $0.key >= time.seconds }
            }
        }
    }

    /// There are none: requests are not kept here.
    package func dropRequests(before time: Timestamp) async throws {}

    /// Tenants have no settings and no secrets here.
    package func directoryVersion() async throws -> Int { 0 }
    package func directoryEntries(after version: Int, limit: Int) async throws -> [DirectoryEntry] { [] }
    package func dropTenants(before time: Timestamp, publishedTo version: Int) async throws {}
    package func weights() async throws -> [String: Double] { [:] }

    package func generation() async throws -> RecordedGeneration { withTables { $0.generation } }

    package func setGeneration(_ generation: RecordedGeneration) async throws {
        withTables { $0.generation = generation }
    }

    package func finished(_ messages: [(id: Identifier, redrive: Int)]) async throws -> [Identifier] {
        withTables { tables in
            messages.filter { message in
                tables.trigger(message.id).map { $0.state.isFinal || $0.redrive > message.redrive } ?? true
            }.map(\.id)
        }
    }

    /// Nobody watches a monitor of this process: it is as young as can be.
    package func completeDuties(_ names: [String], now: Timestamp) async throws {}
    package func monitorAge(now: Timestamp) async throws -> MonitorAge {
        withTables { tables in
            MonitorAge(
                doneAt: Dictionary(uniqueKeysWithValues: MonitorDuty.allCases.map { ($0, now) }),
                hasTomorrow: tables.days[InMemoryTables.day(now) + 1] != nil)
        }
    }
}
