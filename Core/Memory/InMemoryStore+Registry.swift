package import Model
package import Store

/// The writes of `ScheduleRegistry` that change what loaders and monitors find, in the same shape but for the actor. Not the
/// whole protocol: keys, the audit log, pages, backfills and one-off triggers decide nothing of what is simulated.
extension InMemoryStore {
    package func put(_ writes: [ScheduleWrite], now: Timestamp) async throws -> [PutResult] {
        try withTables { tables in
            for write in writes {
                let row = tables.row(write.name, tenant: write.tenant)
                if let mismatch = write.expecting?.mismatch(row) { throw mismatch }
            }
            return writes.map { tables.put($0, now: now) }
        }
    }

    package func schedule(_ name: String, tenant: String) async throws -> ScheduleRow? {
        withTables { $0.row(name, tenant: tenant) }
    }

    package func trigger(_ id: Identifier) async throws -> TriggerRow? {
        withTables { tables in tables.trigger(id).map { tables.row($0) } }
    }

    package func delete(_ name: String, tenant: String, now: Timestamp) async throws -> [Identifier]? {
        withTables { tables in
            guard let row = tables.row(name, tenant: tenant) else { return nil }
            let open = tables.cancelOpen(row.id, now: now, reason: "deleted", isDeleted: true)
            tables.keepAction(of: row)
            tables.schedules[row.id] = nil
            tables.names[.init(tenant: tenant, name: name)] = nil
            return open.filter(\.isQueued).map(\.id)
        }
    }

    package func pause(_ name: String, tenant: String, reason: String, now: Timestamp) async throws -> [Identifier]? {
        withTables { tables in
            guard let row = tables.row(name, tenant: tenant) else { return nil }
            let open = tables.cancelOpen(row.id, now: now, reason: "paused")
            tables.pause(row.id, reason: reason, now: now)
            tables.rewind(open.filter { !$0.isQueued })
            return open.filter(\.isQueued).map(\.id)
        }
    }

    package func resume(
        _ name: String, tenant: String, missed: Int?, now: Timestamp, next: (ScheduleRow) -> Timestamp?
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

    package func requestCancel(_ id: Identifier, now: Timestamp) async throws -> TriggerRow? {
        withTables { tables in
            tables.requestCancel(id, now: now, reason: "cancelled")
            return tables.trigger(id).map { tables.row($0) }
        }
    }

    package func settleCancelled(_ triggers: [CancelledTrigger], reason: String) async throws {
        withTables { $0.settleCancelled(triggers, reason: reason) }
    }

    package func redrive(_ ids: [Identifier], deadline: Timestamp, now: Timestamp) async throws -> [QueuedTrigger] {
        withTables { tables in
            ids.sorted().compactMap { id in
                guard let trigger = tables.trigger(id), tables.queued(trigger).hasAction,
                    tables.update(id, { $0.redrive(deadline: deadline) }) == true
                else { return nil }
                tables.check(id, at: now + .seconds(60))
                return tables.trigger(id).map { tables.queued($0) }
            }
        }
    }

    /// Ids of dead triggers, in their order.
    package func deadTriggers(limit: Int) async throws -> [Identifier] {
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
