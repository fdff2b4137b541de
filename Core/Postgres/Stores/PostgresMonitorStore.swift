package import Model
package import Store

/// `MonitorStore` on one Postgres connection.
///
/// Connects at the first call. Unless stated otherwise a verb is one statement and one round trip, and throws
/// `PostgresError`.
package final class PostgresMonitorStore: MonitorStore {
    let connection: PostgresConnection
    /// How long after a check an overdue trigger is checked again.
    private static let checkAgainAfter = Duration.seconds(60)

    /// A store that connects as the engine role.
    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate monitor"))
    }

    /// Ends the session; the next call opens another.
    package func close() async { await connection.close() }
    /// The database's clock.
    package func now() async throws -> Timestamp { try await connection.now() }

    /// Adds unsettled triggers to the overdue list and advances the sweep's mark, in one round trip and one
    /// transaction.
    package func sweep(now: Timestamp) async throws {
        let call = StatementCall(
            .sweep,
            [.time(now - .seconds(60)), .time(now)])
        let move = StatementCall(.moveSweep, [.time(now - .seconds(60))])
        try await connection.pipeline([call, move])
    }

    /// The version of the newest change of a tenant.
    package func directoryVersion() async throws -> Int {
        try await connection.value(StatementCall(.directoryVersion), .int) ?? 0
    }

    /// A page of changed tenants with their secrets: two statements in one transaction.
    package func directoryEntries(after version: Int, limit: Int) async throws -> [DirectoryEntry] {
        try await connection.transaction { transaction throws(PostgresError) in
            let call = StatementCall(.tenantsChanged, [.bigint(version), .bigint(limit)])
            return try transaction.entries(
                of: try transaction.query(call) { row throws(PostgresError) in try row.tenant() })
        }
    }

    /// Deletes default settings that are older than `time`, published, and have no secrets.
    package func dropTenants(before time: Timestamp, publishedTo version: Int) async throws {
        try await connection.execute(
            StatementCall(.dropTenants, [.bytes(TenantSettings().encoded), .time(time), .bigint(version)]))
    }

    /// The weights of tenants whose weight is not 1.
    package func weights() async throws -> [TenantID: Double] { try await connection.weights() }

    /// A batch of overdue triggers; the same statement schedules their next checks, and several monitors get different
    /// ones.
    package func takeOverdue(now: Timestamp, limit: Int) async throws -> [OverdueTrigger] {
        let call = StatementCall(
            .takeOverdue, [.time(now), .bigint(limit), .time(now + PostgresMonitorStore.checkAgainAfter)])
        return try await connection.query(call) { (row: PostgresRow<OverdueColumn>) throws(PostgresError) in
            let id: TriggerID = try row.required(.overdueID, row.id)
            guard let state = try row.int(.state) else {
                return OverdueTrigger(id: id, state: nil, isCancelRequested: false, trigger: nil)
            }
            return OverdueTrigger(
                id: id, state: TriggerState(rawValue: state),
                isCancelRequested: try row.required(.cancelRequested, row.bool),
                trigger: try row.queuedTrigger())
        }
    }

    /// Removes triggers from the overdue list, except those whose check was rescheduled since `now`.
    package func dropOverdue(_ ids: [TriggerID], takenAt now: Timestamp) async throws {
        if ids.isEmpty { return }
        let next = now + PostgresMonitorStore.checkAgainAfter
        try await connection.execute(StatementCall(.dropOverdue, [.uuids(ids), .time(next)]))
    }

    /// Makes the whole overdue list due for a check.
    package func recheckOverdue(now: Timestamp) async throws {
        try await connection.execute(StatementCall(.recheckOverdue, [.time(now)]))
    }

    /// A page of queued triggers planned since the sweep's mark, by planned time and id.
    package func unsettled(after last: (Timestamp, TriggerID)?, limit: Int) async throws -> [QueuedTrigger] {
        let call = StatementCall(
            .unsettledTriggers,
            [.time(last?.0 ?? .epoch), .uuid(last?.1 ?? TriggerID.lowest), .bigint(limit)])
        return try await connection.query(call) { (row: PostgresRow<QueuedTriggerColumn>) throws(PostgresError) in
            try row.queuedTrigger()
        }
    }

    /// One transaction, which also rewinds the triggers' schedules.
    package func settleCancelled(_ triggers: [CancelledTrigger]) async throws {
        if triggers.isEmpty { return }
        try await connection.transaction { transaction throws(PostgresError) in
            try transaction.settleCancelled(triggers, reason: .cancelled)
        }
    }

    /// Cancels triggers that are still queued and can no longer be sent.
    package func cancelLost(_ ids: [TriggerID]) async throws {
        if ids.isEmpty { return }
        let ids = ids.sorted()
        try await connection.execute(StatementCall(.cancelLost, [.uuids(ids), .times(ids.map(\.v7Time))]))
    }

    /// Checks up to 1,000 kept actions and deletes those no longer needed; the others are checked again in an hour.
    package func dropActions(now: Timestamp) async throws {
        try await connection.execute(
            StatementCall(.dropActions, [.time(now), .time(now + .seconds(3_600)), .bigint(1_000)]))
    }

    /// Lowers the planned floors to these triggers; writes only to shards whose floor is too high.
    package func lowerPlannedFloors(_ ids: [TriggerID]) async throws {
        if ids.isEmpty { return }
        try await connection.execute(StatementCall(.lowerPlannedFloors, [.uuids(ids), .times(ids.map(\.v7Time))]))
    }

    /// Deletes up to 10,000 hidden schedules whose one-off triggers are over.
    package func dropOneOffs(before time: Timestamp) async throws {
        try await connection.execute(StatementCall(.dropOneOffs, [.time(time), .bigint(10_000)]))
    }

    /// The tables that hold, or held, a day of triggers, in order of days.
    package func days() async throws -> [TriggerDay] {
        try await connection.query(StatementCall(.triggerTables)) { row throws(PostgresError) in try row.triggerDay() }
    }

    /// Creates a day's partition, or returns false if it exists. Makes up to 11 attempts, each with a lock timeout of
    /// 200 ms.
    package func addDay(_ day: Timestamp) async throws -> Bool {
        try await withShortLock { try await self.connection.addDay(day) }
    }

    /// Detaches the day's partition concurrently and drops its table; false if a trigger in it is unsettled.
    ///
    /// Each DDL statement runs outside a transaction with a lock timeout of 200 ms and throws SQLSTATE 55P03 when it
    /// expires; the next call resumes where this one stopped.
    package func dropDay(_ day: TriggerDay) async throws -> Bool {
        let name = PostgresMonitorStore.table(of: day.start)
        switch day.place {
        case .attached:
            let unsettled = try await connection.values(StatementCall(.unsettledOfDay, [.time(day.start)]), .bool)
            guard unsettled == [false] else { return false }
            try await alone("alter table headgate.trigger detach partition \(name) concurrently")
        case .detaching: try await alone("alter table headgate.trigger detach partition \(name) finalize")
        case .detached: break
        }
        // Once detached the table gets no more writes. If a trigger was redriven since the check above, attach it
        // again.
        let left = try await connection.values(
            StatementCall(Statement("select exists (select 1 from \(name) where state < ${state.final})")), .bool)
        if left != [false] {
            _ = try await addDay(day.start)
            return false
        }
        try await alone("drop table \(name)")
        try await connection.execute(StatementCall(.dropDeadOfDay, [.time(day.start)]))
        return true
    }

    /// The partition's name: `headgate.trigger_20260329`.
    private static func table(of day: Timestamp) -> String {
        let date = CivilDate(daysSinceEpoch: Int(floorDivide(day.seconds, 86_400)))
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        return "headgate.trigger_\(digits(date.year, 4))\(digits(date.month, 2))\(digits(date.day, 2))"
    }

    /// Runs one statement outside a transaction, with a lock timeout of 200 ms.
    private func alone(_ statement: String) async throws {
        try await connection.run(script: "set lock_timeout = '200ms'")
        do {
            try await connection.run(script: statement)
        } catch {
            try await connection.run(script: "reset lock_timeout")
            throw error
        }
        try await connection.run(script: "reset lock_timeout")
    }

    /// Deletes load histogram entries before a time.
    package func dropLoad(before time: Timestamp) async throws {
        try await connection.execute(StatementCall(.dropLoad, [.bigint(Int(time.seconds))]))
    }

    /// Deletes idempotency keys first used before a time.
    package func dropRequests(before time: Timestamp) async throws {
        try await connection.execute(StatementCall(.dropRequests, [.time(time)]))
    }

    /// The recorded generation counter and the run id of the Redis server it was written on.
    package func generation() async throws -> RecordedGeneration {
        try await connection.query(StatementCall(.readGeneration)) {
            (row: PostgresRow<GenerationColumn>) throws(PostgresError) in
            RecordedGeneration(counter: try row.required(.redisCounter, row.int), run: try row.text(.redisRun))
        }.first ?? RecordedGeneration()
    }

    /// Records the generation; its counter never goes down.
    package func setGeneration(_ generation: RecordedGeneration) async throws {
        try await connection.execute(
            StatementCall(.writeGeneration, [.bigint(generation.counter), .text(generation.run)]))
    }

    /// Those of the messages whose trigger is final, gone, or was redriven since.
    package func finished(_ messages: [(id: TriggerID, redrive: Int)]) async throws -> [TriggerID] {
        if messages.isEmpty { return [] }
        let sorted = messages.sorted { $0.id < $1.id }
        let call = StatementCall(
            .finishedTriggers,
            [.uuids(sorted.map(\.id)), .times(sorted.map(\.id.v7Time)), .ints(sorted.map(\.redrive))])
        return try await connection.values(call, .triggerID)
    }

    /// Records when duties were done; a duty's time never goes back.
    package func completeDuties(_ names: [String], now: Timestamp) async throws {
        if names.isEmpty { return }
        try await connection.execute(StatementCall(.dutiesDone, [.texts(names), .time(now)]))
    }

    /// Retries ten times, 100 ms apart, when a lock was not granted in time: a longer wait behind a slow reader would
    /// block everyone who queues behind it.
    private func withShortLock<Value>(_ body: () async throws -> Value) async throws -> Value {
        for _ in 0..<10 {
            do {
                return try await body()
            } catch let error as PostgresError where error.sqlState == "55P03" {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        return try await body()
    }
}

/// Columns of `take-overdue`; all but `overdueID` are null where the trigger is gone.
private enum OverdueColumn: Int, QueuedTriggerColumns {
    case id, tenant, name, occurrence, plannedAt, deadline, redrive, attempts, action, kind, scheduleID
    case state, cancelRequested, overdueID
}

/// Columns of `read-generation`.
private enum GenerationColumn: Int, ResultColumn {
    case redisCounter, redisRun
}

/// Columns of `trigger-tables`.
enum TriggerTableColumn: Int, ResultColumn {
    case day, place
}

extension PostgresRow<TriggerTableColumn> {
    func triggerDay() throws(PostgresError) -> TriggerDay {
        TriggerDay(
            start: try required(.day, time),
            place: TriggerDay.Place(rawValue: try required(.place, int)) ?? .detached)
    }
}
