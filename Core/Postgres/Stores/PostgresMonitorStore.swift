package import Model
package import Store

/// The monitor's side of Postgres, on one connection.
package final class PostgresMonitorStore: MonitorStore {
    private let connection: PostgresConnection
    private static let checkAgainAfter = Duration.seconds(60)

    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate monitor"))
    }

    package func close() async { await connection.close() }
    package func now() async throws -> Timestamp { try await connection.now() }

    package func sweep(now: Timestamp) async throws {
        let call = StatementCall(
            .sweep,
            [.time(now - .seconds(60)), .time(now)])
        let move = StatementCall(.moveSweep, [.time(now - .seconds(60))])
        try await connection.pipeline([call, move])
    }

    package func directoryVersion() async throws -> Int {
        try await connection.query(StatementCall(.directoryVersion)) { row throws(PostgresError) in
            try row.required(0, row.int)
        }.first ?? 0
    }

    package func directoryEntries(after version: Int, limit: Int) async throws -> [DirectoryEntry] {
        try await connection.transaction { connection throws(PostgresError) in
            let call = StatementCall(.tenantsChanged, [.bigint(version), .bigint(limit)])
            return try connection.entries(
                of: try connection.query(call) { row throws(PostgresError) in try row.tenant() })
        }
    }

    package func dropTenants(before time: Timestamp, publishedTo version: Int) async throws {
        try await connection.execute(
            StatementCall(.dropTenants, [.bytes(TenantSettings().encoded), .time(time), .bigint(version)]))
    }

    package func weights() async throws -> [String: Double] { try await connection.weights() }

    package func takeOverdue(now: Timestamp, limit: Int) async throws -> [OverdueTrigger] {
        let call = StatementCall(
            .takeOverdue, [.time(now), .bigint(limit), .time(now + PostgresMonitorStore.checkAgainAfter)])
        return try await connection.query(call) { row throws(PostgresError) in
            let id = try row.required(13, row.uuid)
            guard let state = try row.int(11) else {
                return OverdueTrigger(id: id, state: nil, isCancelRequested: false, trigger: nil)
            }
            return OverdueTrigger(
                id: id, state: TriggerState(rawValue: state), isCancelRequested: try row.required(12, row.bool),
                trigger: try row.queuedTrigger())
        }
    }

    package func dropOverdue(_ ids: [Identifier], takenAt now: Timestamp) async throws {
        if ids.isEmpty { return }
        let next = now + PostgresMonitorStore.checkAgainAfter
        try await connection.execute(StatementCall(.dropOverdue, [.uuids(ids), .time(next)]))
    }

    package func recheckOverdue(now: Timestamp) async throws {
        try await connection.execute(StatementCall(.recheckOverdue, [.time(now)]))
    }

    package func unsettled(after last: (Timestamp, Identifier)?, limit: Int) async throws -> [QueuedTrigger] {
        let call = StatementCall(
            .unsettledTriggers,
            [.time(last?.0 ?? .epoch), .uuid(last?.1 ?? Identifier(high: 0, low: 0)), .bigint(limit)])
        return try await connection.query(call) { row throws(PostgresError) in try row.queuedTrigger() }
    }

    package func settleCancelled(_ triggers: [CancelledTrigger]) async throws {
        if triggers.isEmpty { return }
        try await connection.transaction { connection throws(PostgresError) in
            try connection.settleCancelled(triggers, reason: "cancelled")
        }
    }

    package func settleGone(_ ids: [Identifier]) async throws {
        if ids.isEmpty { return }
        let ids = ids.sorted()
        try await connection.execute(StatementCall(.settleGone, [.uuids(ids), .times(ids.map(\.v7Time))]))
    }

    package func dropActions(now: Timestamp) async throws {
        try await connection.execute(
            StatementCall(.dropActions, [.time(now), .time(now + .seconds(3_600)), .bigint(1_000)]))
    }

    package func lowerPlannedFloors(_ ids: [Identifier]) async throws {
        if ids.isEmpty { return }
        try await connection.execute(StatementCall(.lowerPlannedFloors, [.uuids(ids), .times(ids.map(\.v7Time))]))
    }

    package func dropOneOffs(before time: Timestamp) async throws {
        try await connection.execute(StatementCall(.dropOneOffs, [.time(time), .bigint(10_000)]))
    }

    package func days() async throws -> [TriggerDay] {
        try await connection.query(StatementCall(.triggerTables)) { row throws(PostgresError) in
            TriggerDay(
                start: try row.required(0, row.time),
                place: TriggerDay.Place(rawValue: try row.required(1, row.int)) ?? .detached)
        }
    }

    package func addDay(_ day: Timestamp) async throws -> Bool {
        try await withShortLock { try await self.connection.addDay(day) }
    }

    package func dropDay(_ day: TriggerDay) async throws -> Bool {
        let name = PostgresMonitorStore.table(of: day.start)
        switch day.place {
        case .attached:
            let unsettled = try await connection.query(StatementCall(.unsettledOfDay, [.time(day.start)])) {
                row throws(PostgresError) in try row.required(0, row.bool)
            }
            guard unsettled == [false] else { return false }
            try await alone("alter table headgate.trigger detach partition \(name) concurrently")
        case .detaching: try await alone("alter table headgate.trigger detach partition \(name) finalize")
        case .detached: break
        }
        // Now nobody can write there any more: a trigger that was redriven since the look above brings its day back.
        let left = try await connection.query(
            StatementCall(Statement("select exists (select 1 from \(name) where state < 2)"))
        ) { row throws(PostgresError) in try row.required(0, row.bool) }
        if left != [false] {
            _ = try await addDay(day.start)
            return false
        }
        try await alone("drop table \(name)")
        try await connection.execute(StatementCall(.dropDeadOfDay, [.time(day.start)]))
        return true
    }

    private static func table(of day: Timestamp) -> String {
        let date = CivilDate(daysSinceEpoch: Int(floorDivide(day.seconds, 86_400)))
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        return "headgate.trigger_\(digits(date.year, 4))\(digits(date.month, 2))\(digits(date.day, 2))"
    }

    /// Runs one statement outside a transaction, and gives up where it would wait for a lock.
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

    package func dropLoad(before time: Timestamp) async throws {
        try await connection.execute(StatementCall(.dropLoad, [.bigint(Int(time.seconds))]))
    }

    package func dropRequests(before time: Timestamp) async throws {
        try await connection.execute(StatementCall(.dropRequests, [.time(time)]))
    }

    package func generation() async throws -> RecordedGeneration {
        try await connection.query(StatementCall(.readGeneration)) { row throws(PostgresError) in
            RecordedGeneration(counter: try row.required(0, row.int), run: try row.text(1))
        }.first ?? RecordedGeneration()
    }

    package func setGeneration(_ generation: RecordedGeneration) async throws {
        try await connection.execute(
            StatementCall(.writeGeneration, [.bigint(generation.counter), .text(generation.run)]))
    }

    package func finished(_ messages: [(id: Identifier, redrive: Int)]) async throws -> [Identifier] {
        if messages.isEmpty { return [] }
        let sorted = messages.sorted { $0.id < $1.id }
        let call = StatementCall(
            .finishedTriggers,
            [.uuids(sorted.map(\.id)), .times(sorted.map(\.id.v7Time)), .ints(sorted.map(\.redrive))])
        return try await connection.query(call) { row throws(PostgresError) in try row.required(0, row.uuid) }
    }

    package func completeDuties(_ names: [String], now: Timestamp) async throws {
        if names.isEmpty { return }
        try await connection.execute(StatementCall(.dutiesDone, [.texts(names), .time(now)]))
    }

    /// Repeats what gave up waiting for a lock: a reader that holds one for long must not stop the others behind it.
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
