package import Model
package import Store

extension InMemoryStore: LoaderStore {
    /// Numbered from 0.
    package func shards() async throws -> [Int] { withTables { Array($0.shards.indices) } }

    /// No calls: this store keeps no failure policies, and nothing is owed.
    package func createFailureCalls(
        shard: Int, limit: Int, except held: Set<String>
    ) async throws -> CreatedFailureCalls { CreatedFailureCalls() }

    /// None: time zones do not change while a process runs.
    package func staleZones(of shards: [Int], version: String) async throws -> [Int] { [] }
    /// Does nothing; there are no stale shards.
    package func recompute(
        shard: Int, after id: ScheduleID, dueAfter time: Timestamp, limit: Int,
        next: @escaping @Sendable (_ timing: [UInt8], _ next: Timestamp) -> Timestamp?
    ) async throws -> ScheduleID? { nil }
    /// Does nothing; there are no stale shards.
    package func noteZones(shard: Int, version: String) async throws {}

    /// Takes shards until this connection closes.
    package func takeShards(_ shards: [Int]) async throws -> Set<Int> {
        withTables { tables in
            var taken: Set<Int> = []
            for shard in shards where tables.shards[shard].holder ?? connection == connection {
                tables.shards[shard].holder = connection
                taken.insert(shard)
            }
            return taken
        }
    }

    /// The state of the shards, ascending.
    package func overview(
        of shards: [Int], from start: Timestamp, before horizon: Timestamp
    ) async throws -> [ShardOverview] {
        withTables { tables in
            shards.sorted().map { shard in
                let due = tables.firstDue(shard, from: start)
                let row = tables.shards[shard]
                return ShardOverview(
                    shard: shard, low: row.low, plannedLow: row.plannedLow, pass: row.pass,
                    confirmedPass: row.confirmedPass, unconfirmedLow: row.unconfirmedLow,
                    firstDue: due.flatMap { $0 >= row.low && $0 < horizon ? $0 : nil })
            }
        }
    }

    /// The next number, always.
    package func beginPass(shard: Int) async throws -> Int {
        withTables { tables in
            tables.shards[shard].pass += 1
            return tables.shards[shard].pass
        }
    }

    /// Claims, plans and writes in one step, so that no schedule is ever locked; `plan` and `beforeCommit` must not
    /// call the store.
    package func claimSchedules(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int,
        plan: @escaping @Sendable ([ClaimedSchedule]) -> ShardPlan,
        beforeCommit: @escaping @Sendable () throws -> Void
    ) async throws -> ClaimResult? {
        try withTables { tables in
            let claimed = tables.claim(shard, from: floor, before: horizon, limit: limit)
            if claimed.isEmpty { return nil }
            do {
                let plan = plan(claimed)
                precondition(plan.rearms.count == claimed.count, "a plan re-arms every claimed schedule")
                try tables.checkDays(of: plan.rows)
                // Nothing is written yet, so there is nothing to undo.
                try beforeCommit()
                let toSend = tables.commit(plan, of: claimed, shard: shard, pass: pass)
                return ClaimResult(claimed: claimed.count, toSend: toSend)
            } catch {
                for schedule in claimed { tables.index(schedule.id) }
                throw error
            }
        }
    }

    /// Queues planned triggers in one step.
    package func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int, except held: Set<String>
    ) async throws -> [QueuedTrigger] {
        withTables { tables in
            let all = tables.takePlanned(shard, from: floor, before: horizon, limit: held.isEmpty ? limit : .max)
            func isHeld(_ id: TriggerID) -> Bool {
                if held.isEmpty { return false }
                return tables.trigger(id).map { held.contains(tables.queuedTrigger($0).message.fairnessKey) } ?? false
            }
            let free = all.filter { !isHeld($0) }
            let ids = Array(free.prefix(limit))
            let taken = Set(ids)
            for id in all where !taken.contains(id) {
                guard let trigger = tables.trigger(id) else { continue }
                tables.shards[shard].planned.insert(TimedID(time: trigger.plannedAt, id: id))
            }
            for id in ids {
                tables.update(id) { trigger in
                    trigger.state = .queued
                    trigger.pass = pass
                }
            }
            let triggers = ids.compactMap { tables.trigger($0) }
            if let first = triggers.first { tables.openPass(shard, pass, queued: first.plannedAt, planned: nil) }
            tables.shards[shard].unconfirmed += ids
            return triggers.map { tables.queuedTrigger($0) }
        }
    }

    /// Expires planned triggers; creates no failure calls.
    package func expirePlanned(shard: Int, from floor: Timestamp, now: Timestamp, limit: Int) async throws -> Int {
        withTables { tables in
            let candidates = tables.takePlanned(shard, from: floor, before: now, limit: .max)
            let late = candidates.filter { tables.trigger($0)!.deadline < now }.prefix(limit)
            for id in late {
                tables.update(id) { trigger in
                    trigger.state = .expired
                    trigger.reason = "the queue was full until the deadline had passed"
                }
            }
            for id in candidates {
                guard let trigger = tables.trigger(id), trigger.state == .planned else { continue }
                tables.shards[shard].planned.insert(TimedID(time: trigger.plannedAt, id: id))
            }
            return late.count
        }
    }

    /// Confirms the pass if the one before is confirmed.
    package func confirmPass(shard: Int, pass: Int) async throws {
        withTables { tables in
            if tables.shards[shard].confirmedPass == pass - 1 { tables.confirm(shard, pass) }
        }
    }

    /// Confirms every pass up to this one.
    package func confirmAllPasses(shard: Int, upTo pass: Int) async throws {
        withTables { tables in
            if tables.shards[shard].confirmedPass < pass { tables.confirm(shard, pass) }
        }
    }

    /// A page of triggers to send again, by planned time and id.
    package func unconfirmed(
        shard: Int, confirmed: Int, from floor: Timestamp, after last: (Timestamp, TriggerID)?, limit: Int
    ) async throws -> [QueuedTrigger] {
        withTables { tables in
            let after = last.map { TimedID(time: $0.0, id: $0.1) }
            let found = tables.shards[shard].unconfirmed.compactMap { tables.trigger($0) }.filter { trigger in
                trigger.isSendable && trigger.pass > confirmed && trigger.plannedAt >= floor
                    && after.map { $0 < TimedID(time: trigger.plannedAt, id: trigger.id) } ?? true
            }
            return found.sorted { ($0.plannedAt, $0.id) < ($1.plannedAt, $1.id) }.prefix(limit).map(
                tables.queuedTrigger)
        }
    }

    /// Raises the floors, always: no writer is ever under way.
    package func raiseFloors(shard: Int, ceiling: Timestamp, now: Timestamp) async throws {
        withTables { tables in
            tables.shards[shard].low = min(ceiling, tables.firstDue(shard) ?? ceiling)
            tables.shards[shard].plannedLow = tables.firstPlanned(shard) ?? .distantFuture
        }
    }

    /// The planned load, by second.
    package func load(shard: Int, from time: Timestamp) async throws -> [(second: Int64, count: Int)] {
        withTables { tables in
            tables.shards[shard].load.filter { $0.key >= time.seconds }.sorted { $0.key < $1.key }
                .map { LoadCount(second: $0.key, count: $0.value) }
        }.map { ($0.second, $0.count) }
    }
}

private struct LoadCount: Sendable {
    var second: Int64
    var count: Int
}

extension InMemoryTables {
    /// Takes due schedules out of the index; a caller that does not re-arm them must put them back.
    fileprivate mutating func claim(
        _ shard: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int
    ) -> [ClaimedSchedule] {
        var claimed: [ClaimedSchedule] = []
        var hidden: [TimedID<ScheduleID>] = []
        var taken: Set<ScheduleID> = []
        while claimed.count < limit, let first = shards[shard].due.first, first.time < horizon {
            _ = shards[shard].due.popFirst()
            guard let schedule = schedules[first.id], schedule.row.nextAt == first.time, !taken.contains(first.id),
                let claim = schedule.claimed()
            else { continue }
            if first.time < floor {
                hidden.append(first)
            } else {
                taken.insert(first.id)
                claimed.append(claim)
            }
        }
        // A schedule below the floor is not found, as in Postgres's index scan.
        for entry in hidden { shards[shard].due.insert(entry) }
        return claimed
    }

    /// Puts an armed schedule back into the index.
    fileprivate mutating func index(_ id: ScheduleID) {
        guard let row = schedules[id]?.row, let next = row.nextAt else { return }
        shards[row.shard].due.insert(TimedID(time: next, id: id))
    }

    /// Throws if the day of a row has no table.
    fileprivate func checkDays(of rows: [NewTrigger]) throws {
        for row in rows where days[InMemoryTables.day(row.id.v7Time)] == nil {
            throw InMemoryStoreError(description: "no partition of the table trigger for \(row.id.v7Time)")
        }
    }

    fileprivate mutating func commit(
        _ plan: ShardPlan, of claimed: [ClaimedSchedule], shard: Int, pass: Int
    ) -> [QueuedTrigger] {
        for (schedule, rearm) in zip(claimed, plan.rearms) { apply(rearm, to: schedule.id) }
        var toSend: [QueuedTrigger] = []
        for row in plan.rows {
            let trigger = StoredTrigger(row, of: claimed[row.source], shard: shard, pass: pass)
            // An occurrence that another revision has called, or may yet call, gets no second trigger.
            if trigger.kind == .scheduled, trigger.revision > 1,
                isTaken(trigger.occurrence, of: trigger.schedule, revision: trigger.revision)
            {
                continue
            }
            guard insert(trigger), trigger.state == .queued else { continue }
            shards[shard].unconfirmed.append(trigger.id)
            toSend.append(queuedTrigger(trigger))
        }
        if !plan.rows.isEmpty {
            openPass(
                shard, pass, queued: plan.rows.lazy.filter { $0.state == .queued }.map(\.plannedAt).min(),
                planned: plan.rows.lazy.filter { $0.state == .planned }.map(\.plannedAt).min())
        }
        watchLate(plan.rows)
        for (second, count) in plan.load { shards[shard].load[second, default: 0] += count }
        return toSend
    }

    /// Puts rows on the overdue list that the sweep has already passed: their loader was stalled, or its clock is
    /// behind.
    private mutating func watchLate(_ rows: [NewTrigger]) {
        for row in rows where !row.state.isFinal && row.plannedAt < sweptTo + .seconds(60) && checkAt[row.id] == nil {
            if trigger(row.id)?.state.isFinal == false { scheduleCheck(of: row.id, at: sweptTo + .seconds(120)) }
        }
    }

    private mutating func apply(_ rearm: ShardPlan.Rearm, to id: ScheduleID) {
        guard var schedule = schedules[id] else { return }
        // Removed first, so that the copy owns its arrays alone and changes them in place.
        schedules[id] = nil
        schedule.row.nextAt = rearm.nextAt
        schedule.row.resumeAt = rearm.resumeAt
        if rearm.nextAt == nil { schedule.row.state = .finished }
        schedule.fired = rearm.fired
        if rearm.ahead == nil && rearm.resumeAt == nil { schedule.resumeMissed = nil }
        schedule.ahead = rearm.ahead.flatMap { $0.isEmpty ? nil : $0 }
        schedules[id] = schedule
        index(id)
    }

    fileprivate mutating func openPass(_ shard: Int, _ pass: Int, queued: Timestamp?, planned: Timestamp?) {
        shards[shard].pass = max(shards[shard].pass, pass)
        shards[shard].unconfirmedLow = min(shards[shard].unconfirmedLow, queued ?? .distantFuture)
        shards[shard].plannedLow = min(shards[shard].plannedLow, planned ?? .distantFuture)
    }

    fileprivate mutating func confirm(_ shard: Int, _ pass: Int) {
        shards[shard].confirmedPass = pass
        if shards[shard].pass == pass { shards[shard].unconfirmedLow = .distantFuture }
        let kept = shards[shard].unconfirmed.filter { trigger($0).map { $0.pass > pass } ?? false }
        shards[shard].unconfirmed = kept
    }

    /// Takes planned triggers out of the index; a caller that leaves one planned must put it back.
    fileprivate mutating func takePlanned(
        _ shard: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int
    ) -> [TriggerID] {
        var ids: [TriggerID] = []
        var hidden: [TimedID<TriggerID>] = []
        while ids.count < limit, let first = shards[shard].planned.first, first.time < horizon {
            _ = shards[shard].planned.popFirst()
            guard let trigger = trigger(first.id), trigger.state == .planned else { continue }
            if first.time < floor { hidden.append(first) } else { ids.append(first.id) }
        }
        for entry in hidden { shards[shard].planned.insert(entry) }
        return ids
    }
}

extension StoredTrigger {
    fileprivate init(_ row: NewTrigger, of schedule: ClaimedSchedule, shard: Int, pass: Int) {
        self.init(
            id: row.id, schedule: schedule.id, kind: row.kind, revision: schedule.revision, occurrence: row.occurrence,
            plannedAt: row.plannedAt, shard: shard, count: row.count, lastOccurrence: row.lastOccurrence,
            state: row.state, deadline: row.deadline, reason: row.reason, pass: pass)
    }
}
