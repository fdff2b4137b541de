package import Model
package import Store

/// The verbs of the registries that affect what loaders and monitors find, without the parameter `by`. Keys, the audit
/// log, pages, backfills and one-off triggers are left out: nothing in the simulation depends on them.
extension InMemoryStore {
    /// Creates or replaces schedules, all or none.
    package func put(_ writes: [ScheduleWrite], now: Timestamp) async throws -> [PutResult] {
        try withTables { tables in
            for write in writes {
                let row = tables.row(write.name, tenant: write.tenant)
                if let mismatch = write.expecting?.mismatch(row) { throw mismatch }
            }
            return writes.map { tables.put($0, now: now) }
        }
    }

    /// The schedule of that name; nil if there is none.
    package func schedule(_ name: ScheduleName, tenant: TenantID) async throws -> ScheduleRow? {
        withTables { $0.row(name, tenant: tenant) }
    }

    /// The trigger; nil if there is none.
    package func trigger(_ id: TriggerID) async throws -> TriggerRow? {
        withTables { tables in tables.trigger(id).map { tables.row($0) } }
    }

    /// Deletes a schedule and returns its queued triggers; nil if there is no such schedule.
    package func delete(_ name: ScheduleName, tenant: TenantID, now: Timestamp) async throws -> [TriggerID]? {
        withTables { tables in
            guard let row = tables.row(name, tenant: tenant) else { return nil }
            let open = tables.cancelOpen(row.id, now: now, reason: .deleted)
            tables.keepAction(of: row)
            tables.schedules[row.id] = nil
            tables.names[.init(tenant: tenant, name: name)] = nil
            return open.filter(\.isQueued).map(\.id)
        }
    }

    /// Pauses a schedule and returns its queued triggers; nil if there is no such schedule.
    package func pause(_ name: ScheduleName, tenant: TenantID, reason: String, now: Timestamp) async throws
        -> [TriggerID]?
    {
        withTables { tables in
            guard let row = tables.row(name, tenant: tenant) else { return nil }
            let open = tables.cancelOpen(row.id, now: now, reason: .paused)
            tables.pause(row.id, reason: reason, now: now)
            tables.rewind(open.filter { !$0.isQueued })
            return open.filter(\.isQueued).map(\.id)
        }
    }

    /// Arms a paused schedule at what `next` returns; does nothing if it is not paused. False if there is no such
    /// schedule.
    package func resume(
        _ name: ScheduleName, tenant: TenantID, missed: Int?, now: Timestamp, next: (ScheduleRow) -> Timestamp?
    ) async throws -> Bool {
        withTables { tables in
            guard let row = tables.row(name, tenant: tenant) else { return false }
            guard row.state == .paused else { return true }
            let nextAt = next(row)
            tables.schedules[row.id]?.resumeMissed = missed
            if let began = tables.schedules[row.id]?.beganAt {
                tables.schedules[row.id]?.beganAt = min(began, nextAt ?? began)
            }
            tables.write(row.id) { row in
                (row.state, row.nextAt, row.resumeAt) = (nextAt == nil ? .finished : .active, nextAt, nil)
                (row.pauseReason, row.updatedAt) = (nil, now)
            }
            return true
        }
    }

    /// Requests cancellation and returns the updated row; nil if there is no such trigger.
    package func requestCancel(_ id: TriggerID, now: Timestamp) async throws -> TriggerRow? {
        withTables { tables in
            tables.requestCancel(id, now: now, reason: .cancelled)
            return tables.trigger(id).map { tables.row($0) }
        }
    }

    /// Marks triggers as cancelled and rewinds their schedules.
    package func settleCancelled(_ triggers: [CancelledTrigger], reason: CancelReason) async throws {
        withTables { $0.settleCancelled(triggers, reason: reason) }
    }

    /// Requeues dead triggers whose action is known, and returns them in the order of their ids.
    package func redrive(_ ids: [TriggerID], deadline: Timestamp, now: Timestamp) async throws -> [QueuedTrigger] {
        withTables { tables in
            ids.sorted().compactMap { id in
                guard let trigger = tables.trigger(id), tables.queuedTrigger(trigger).hasAction,
                    tables.update(id, { $0.redrive(deadline: deadline) }) == true
                else { return nil }
                tables.scheduleCheck(of: id, at: now + .seconds(60))
                return tables.trigger(id).map { tables.queuedTrigger($0) }
            }
        }
    }

    /// Up to `limit` dead triggers, in the order of their ids.
    package func deadTriggers(limit: Int) async throws -> [TriggerID] {
        withTables { Array($0.dead.sorted().prefix(limit)) }
    }
}

extension StoredTrigger {
    fileprivate mutating func redrive(deadline: Timestamp) -> Bool {
        guard state == .dead else { return false }
        (state, redrive, recorded, attempts) = (.queued, redrive + 1, 0, 0)
        (self.deadline, reason, isCancelRequested) = (max(self.deadline, deadline), nil, false)
        return true
    }
}
