package import Model
package import Store

/// `LoaderStore` on one Postgres connection, whose session holds the loader's shard locks.
///
/// Connects at the first call. Unless stated otherwise a verb is one statement and one round trip, and throws
/// `PostgresError`.
package final class PostgresLoaderStore: LoaderStore {
    private let connection: PostgresConnection

    /// A store that connects as the engine role.
    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate loader"))
    }

    /// Ends the session, and with it the shard locks.
    package func close() async { await connection.close() }

    /// All shards, ascending.
    package func shards() async throws -> [Int] {
        try await connection.values(StatementCall(.allShards), .int)
    }

    /// The database's clock.
    package func now() async throws -> Timestamp { try await connection.now() }

    /// Takes those of the shards that no other loader holds, and returns them; one round trip per shard.
    ///
    /// Pins the session, so that every later call fails once it is lost, until `close`.
    package func takeShards(_ shards: [Int]) async throws -> Set<Int> {
        var taken: Set<Int> = []
        // The locks die with the session: pin it, so that the loader learns of its loss and takes the shards again.
        if !shards.isEmpty { try await connection.holdSession() }
        for shard in shards {
            let isTaken = try await connection.values(StatementCall(.takeShard, [.int(shard)]), .bool)
            if isTaken == [true] { taken.insert(shard) }
        }
        return taken
    }

    /// The state of the shards and when the first schedule of each is due, ascending by shard, in one statement.
    package func overview(
        of shards: [Int], from start: Timestamp, before horizon: Timestamp
    ) async throws -> [ShardOverview] {
        let call = StatementCall(.shardsOverview, [.smallints(shards), .time(horizon), .time(start)])
        return try await connection.query(call) { (row: PostgresRow<ShardColumn>) throws(PostgresError) in
            ShardOverview(
                shard: try row.required(.shard, row.int), low: try row.required(.low, row.time),
                plannedLow: try row.required(.plannedLow, row.time), pass: try row.required(.pass, row.int),
                confirmedPass: try row.required(.confirmedPass, row.int),
                unconfirmedLow: try row.required(.openLow, row.time), firstDue: try row.time(.firstDue))
        }
    }

    /// The weights of tenants whose weight is not 1.
    package func weights() async throws -> [TenantID: Double] { try await connection.weights() }

    /// When the monitor last did each of its duties.
    package func monitorAge(now: Timestamp) async throws -> MonitorAge { try await connection.monitorAge(now: now) }

    /// Creates a day's partition, or returns false if it exists; gives up after 200 ms if a lock is in the way
    /// (SQLSTATE 55P03).
    package func addDay(_ day: Timestamp) async throws -> Bool { try await connection.addDay(day) }

    /// The number of a new pass. Commits asynchronously; `open-pass` writes the number again with the first batch that
    /// has unsent rows.
    package func beginPass(shard: Int) async throws -> Int {
        let pass = try await connection.transaction(first: [StatementCall(.asynchronousCommit)]) {
            transaction throws(PostgresError) in
            try transaction.values(StatementCall(.nextPass, [.smallint(shard)]), .int)
        }
        guard let pass = pass.first else { throw PostgresError(.unexpectedValue, "shard \(shard) does not exist") }
        return pass
    }

    /// Claims, plans and re-arms a batch of due schedules in one transaction; repeats a claim that meets schedules on
    /// their way to another shard.
    ///
    /// Four round trips: begin; claim; re-arm, insert, record the pass, add load; commit. One more if some rows existed
    /// already, and one if triggers were recorded as expired.
    package func claimSchedules(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int,
        plan: @escaping @Sendable ([ClaimedSchedule]) -> ShardPlan,
        beforeCommit: @escaping @Sendable () throws -> Void
    ) async throws -> ClaimResult? {
        try await repeated {
            try await self.claim(
                shard: shard, pass: pass, from: floor, before: horizon, limit: limit, plan: plan,
                beforeCommit: beforeCommit)
        }
    }

    /// Makes up to 10 attempts where the server asks for a retry.
    private func repeated<Value>(_ body: () async throws -> Value) async throws -> Value {
        for _ in 1..<10 {
            do {
                return try await body()
            } catch let error as PostgresError where error.isRetryable && error.code == .refused {
                continue
            }
        }
        return try await body()
    }

    /// Creates the `onFailure` triggers that the shard owes.
    ///
    /// Runs in a transaction of its own: within a claim it could wait for a writer that waits for the claim. An owed
    /// call leaves the list in the commit that creates its trigger (protocols.md, 3).
    package func createFailureCalls(
        shard: Int, limit: Int, except held: Set<String>
    ) async throws -> CreatedFailureCalls {
        let take = StatementCall(.takeOwedCalls, [.smallint(shard), .texts(held.sorted()), .bigint(limit)])
        return try await repeated {
            try await self.connection.transaction { transaction throws(PostgresError) in
                let owed = try transaction.query(take) { row throws(PostgresError) in try RecordedTrigger(owed: row) }
                var created = CreatedFailureCalls(isMore: owed.count == limit)
                if !owed.isEmpty { created.calls = try transaction.failureCalls(of: owed) }
                let left = try transaction.values(StatementCall(.owesCalls, [.smallint(shard)]), .bool)
                created.owesMore = left == [true]
                return created
            }
        }
    }

    private func claim(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int,
        plan: @escaping @Sendable ([ClaimedSchedule]) -> ShardPlan,
        beforeCommit: @escaping @Sendable () throws -> Void
    ) async throws -> ClaimResult? {
        let claim = StatementCall(
            .claimSchedules, [.smallint(shard), .time(floor), .time(horizon), .bigint(limit)])
        let rearm = Statement.rearmSchedules(shard: shard)
        return try await connection.transaction {
            transaction throws(PostgresError) in
            let claimed = try transaction.query(claim) { row throws(PostgresError) in
                (try row.required(.ctid, row.place), try row.claimedSchedule())
            }
            if claimed.isEmpty { return nil }
            let schedules = claimed.map(\.1)
            let plan = plan(schedules)
            precondition(plan.rearms.count == claimed.count, "a plan re-arms every claimed schedule")
            var calls = [
                StatementCall(
                    rearm,
                    [
                        .rowPlaces(claimed.map(\.0)), .times(plan.rearms.map(\.nextAt)),
                        .ints(plan.rearms.map(\.fired)), .times(plan.rearms.map(\.ahead?.lowerBound)),
                        .times(plan.rearms.map(\.ahead?.upperBound)),
                        .times(plan.rearms.map(\.resumeAt)),
                    ])
            ]
            if !plan.rows.isEmpty {
                calls.append(PostgresLoaderStore.insert(plan.rows, of: schedules, shard: shard, pass: pass))
                let queued = plan.rows.lazy.filter { $0.state == .queued }.map(\.plannedAt).min()
                let planned = plan.rows.lazy.filter { $0.state == .planned }.map(\.plannedAt).min()
                calls.append(
                    PostgresLoaderStore.openPass(
                        shard, pass, queued: queued ?? .distantFuture, planned: planned ?? .distantFuture))
            }
            if !plan.load.isEmpty {
                calls.append(
                    StatementCall(
                        .addLoad,
                        [
                            .smallint(shard), .bigints(plan.load.map { Int($0.second) }), .ints(plan.load.map(\.count)),
                        ]))
            }
            let counts = try transaction.pipeline(calls)
            let toSend = plan.rows.filter { $0.state == .queued }
                .map { PostgresLoaderStore.queued($0, of: schedules[$0.source]) }
            var result = ClaimResult(claimed: claimed.count, toSend: toSend)
            var expired = plan.rows.filter { row in
                row.state == .expired && (row.lastOccurrence ?? row.occurrence) > schedules[row.source].updatedAt
            }
            if !plan.rows.isEmpty, counts[1] < plan.rows.count {
                // Some rows existed already: sending those again could repeat a delivery made long ago.
                let fresh = Set(try transaction.insertedIDs(plan.rows.map(\.id), pass: pass))
                result.toSend.removeAll { !fresh.contains($0.message.id) }
                expired.removeAll { !fresh.contains($0.id) }
            }
            if !expired.isEmpty {
                result.owed = try transaction.execute(PostgresLoaderStore.owe(expired, of: schedules, shard: shard))
            }
            do { try beforeCommit() } catch { throw PostgresError(.cancelled, "before the commit: \(error)") }
            return result
        }
    }

    /// Queues planned triggers and returns them for sending. Four round trips: begin, claim, record the pass, commit.
    package func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int, except held: Set<String>
    ) async throws -> [QueuedTrigger] {
        let call = StatementCall(
            .claimPlanned,
            [
                .smallint(shard), .time(floor), .time(horizon), .bigint(limit), .bigint(pass), .texts(held.sorted()),
            ])
        return try await connection.transaction { transaction throws(PostgresError) in
            let triggers = try transaction.query(call) {
                (row: PostgresRow<QueuedTriggerColumn>) throws(PostgresError) in
                try row.queuedTrigger()
            }
            if let first = triggers.first {
                try transaction.execute(
                    PostgresLoaderStore.openPass(
                        shard, pass, queued: first.message.plannedAt, planned: .distantFuture))
            }
            return triggers
        }
    }

    /// Expires planned triggers past their deadline, and creates the failure notifications they call for, in one
    /// transaction.
    package func expirePlanned(shard: Int, from floor: Timestamp, now: Timestamp, limit: Int) async throws -> Int {
        let call = StatementCall(.expirePlanned, [.smallint(shard), .time(floor), .time(now), .bigint(limit)])
        // Create the notifications in the same transaction: a crash in between would lose them. The monitor sends them.
        return try await repeated {
            try await self.connection.transaction { transaction throws(PostgresError) in
                let expired = try transaction.query(call) { row throws(PostgresError) in try RecordedTrigger(row) }
                if !expired.isEmpty, try transaction.isWatching() { _ = try transaction.failureCalls(of: expired) }
                return expired.count
            }
        }
    }

    /// Records that everything of the pass was sent. Commits asynchronously: a lost confirmation only means sending
    /// again.
    package func confirmPass(shard: Int, pass: Int) async throws {
        let confirm = StatementCall(.confirmPass, [.smallint(shard), .bigint(pass)])
        try await connection.transaction(first: [StatementCall(.asynchronousCommit)]) { _ throws(PostgresError) in
            ((), [confirm])
        }
    }

    /// A page of queued triggers, by planned time and id.
    package func unconfirmed(
        shard: Int, confirmed: Int, from floor: Timestamp, after last: (Timestamp, TriggerID)?, limit: Int
    ) async throws -> [QueuedTrigger] {
        let call = StatementCall(
            .unconfirmedTriggers,
            [
                .smallint(shard), .bigint(confirmed), .time(floor), .time(last?.0 ?? floor),
                .uuid(last?.1 ?? TriggerID.lowest), .bigint(limit),
            ])
        return try await connection.query(call) { (row: PostgresRow<QueuedTriggerColumn>) throws(PostgresError) in
            try row.queuedTrigger()
        }
    }

    /// Confirms every pass up to this one.
    package func confirmAllPasses(shard: Int, upTo pass: Int) async throws {
        try await connection.execute(StatementCall(.confirmAllPasses, [.smallint(shard), .bigint(pass)]))
    }

    /// Raises the shard's floors in one transaction that commits asynchronously. Changes nothing while a writer of
    /// schedules shares their lock.
    package func raiseFloors(shard: Int, ceiling: Timestamp, now: Timestamp) async throws {
        try await connection.transaction(first: [StatementCall(.asynchronousCommit)]) {
            transaction throws(PostgresError) in
            let isHeld = try transaction.values(StatementCall(.holdFloor, [.int(shard)]), .bool)
            guard isHeld == [true] else { return }
            try transaction.pipeline([
                StatementCall(.raiseFloor(shard: shard), [.smallint(shard), .time(ceiling)]),
                StatementCall(.raisePlannedFloor, [.smallint(shard)]),
            ])
        }
    }

    /// Those of the shards that were computed with another tzdata version, ascending.
    package func staleZones(of shards: [Int], version: String) async throws -> [Int] {
        let call = StatementCall(.staleZones, [.smallints(shards), .text(version)])
        return try await connection.values(call, .int)
    }

    /// Recomputes a page of next occurrences in one transaction of at most four statements: the floor lock, the page,
    /// the moved schedules, the floor.
    package func recompute(
        shard: Int, after id: ScheduleID, dueAfter time: Timestamp, limit: Int,
        next: @escaping @Sendable (_ timing: [UInt8], _ next: Timestamp) -> Timestamp?
    ) async throws -> ScheduleID? {
        let page = StatementCall(.lockLater, [.smallint(shard), .uuid(id), .time(time), .bigint(limit)])
        return try await connection.transaction { transaction throws(PostgresError) in
            try transaction.shareFloors(of: [shard])
            let rows = try transaction.query(page) { (row: PostgresRow<LaterColumn>) throws(PostgresError) in
                (
                    id: try row.required(.id, row.id) as ScheduleID, timing: try row.required(.timing, row.bytes),
                    next: try row.required(.nextAt, row.time)
                )
            }
            var moved: [(id: ScheduleID, next: Timestamp?)] = []
            for row in rows {
                let time = next(row.timing, row.next)
                if time != row.next { moved.append((row.id, time)) }
            }
            if !moved.isEmpty {
                try transaction.execute(
                    StatementCall(.moveNext, [.smallint(shard), .uuids(moved.map(\.id)), .times(moved.map(\.next))]))
                if let first = moved.compactMap(\.next).min() {
                    try transaction.execute(StatementCall(.apiLowerFloor, [.smallints([shard]), .times([first])]))
                }
            }
            return rows.count < limit ? nil : rows.last?.id
        }
    }

    /// Records the tzdata version with which a shard was computed.
    package func noteZones(shard: Int, version: String) async throws {
        try await connection.execute(StatementCall(.noteZones, [.smallint(shard), .text(version)]))
    }

    /// The load histogram from a second on, in no order.
    package func load(shard: Int, from time: Timestamp) async throws -> [(second: Int64, count: Int)] {
        let call = StatementCall(.readLoad, [.smallint(shard), .bigint(Int(time.seconds))])
        return try await connection.query(call) { (row: PostgresRow<LoadColumn>) throws(PostgresError) in
            (second: Int64(try row.required(.second, row.int)), count: try row.required(.count, row.int))
        }
    }

    // MARK: Rows

    private static func openPass(
        _ shard: Int, _ pass: Int, queued: Timestamp, planned: Timestamp
    ) -> StatementCall {
        StatementCall(.openPass, [.smallint(shard), .bigint(pass), .time(queued), .time(planned)])
    }

    private static func insert(
        _ rows: [NewTrigger], of schedules: [ClaimedSchedule], shard: Int, pass: Int
    ) -> StatementCall {
        StatementCall(
            .insertTriggers,
            [
                .smallint(shard), .bigint(pass), .smallints(rows.map(\.kind.rawValue)), .uuids(rows.map(\.id)),
                .times(rows.map(\.id.v7Time)), .smallints(rows.map(\.state.rawValue)),
                .ints(rows.map { schedules[$0.source].revision }), .uuids(rows.map { schedules[$0.source].id }),
                .times(rows.map(\.occurrence)), .times(rows.map(\.plannedAt)), .times(rows.map(\.deadline)),
                .tenants(rows.map { schedules[$0.source].tenant }), .names(rows.map { schedules[$0.source].name }),
                .ints(rows.map(\.count)), .times(rows.map(\.lastOccurrence)), .texts(rows.map(\.reason)),
            ])
    }

    private static func owe(
        _ rows: [NewTrigger], of schedules: [ClaimedSchedule], shard: Int
    ) -> StatementCall {
        StatementCall(
            .recordOwedCalls,
            [
                .smallint(shard), .uuids(rows.map(\.id)), .uuids(rows.map { schedules[$0.source].id }),
                .tenants(rows.map { schedules[$0.source].tenant }), .names(rows.map { schedules[$0.source].name }),
                .smallints(rows.map(\.kind.rawValue)), .times(rows.map(\.occurrence)), .ints(rows.map(\.count)),
                .times(rows.map(\.lastOccurrence)), .texts(rows.map(\.reason)),
            ])
    }

    private static func queued(_ row: NewTrigger, of schedule: ClaimedSchedule) -> QueuedTrigger {
        QueuedTrigger(
            message: TriggerMessage(
                id: row.id,
                key: TriggerKey(
                    schedule: schedule.id, kind: row.kind, revision: schedule.revision, occurrence: row.occurrence
                ).idempotencyKey, kind: row.kind, redrive: 0, occurrence: row.occurrence, plannedAt: row.plannedAt,
                deadline: row.deadline, tenant: schedule.tenant, schedule: schedule.name, action: schedule.action),
            attempts: 0)
    }
}

extension PostgresTransaction {
    /// Those of these ids that this pass inserted.
    fileprivate func insertedIDs(_ ids: [TriggerID], pass: Int) throws(PostgresError) -> [TriggerID] {
        try values(
            StatementCall(.insertedTriggers, [.bigint(pass), .uuids(ids), .times(ids.map(\.v7Time))]), .triggerID)
    }
}

/// Columns of `shards-overview`.
private enum ShardColumn: Int, ResultColumn {
    case shard, low, plannedLow, pass, confirmedPass, openLow, firstDue
}

/// Columns of `lock-later`.
private enum LaterColumn: Int, ResultColumn {
    case id, timing, nextAt
}

/// Columns of `read-load`.
private enum LoadColumn: Int, ResultColumn {
    case second, count
}

/// Columns of `claim-schedules`.
private enum ClaimColumn: Int, ResultColumn {
    case ctid, id, tenant, name, revision, nextAt, fired, timing, action, resumeMissed, aheadFrom, aheadTo, kind
    case resumeAt, updatedAt
}

extension PostgresRow<ClaimColumn> {
    fileprivate func claimedSchedule() throws(PostgresError) -> ClaimedSchedule {
        var ahead: Range<Timestamp>?
        if let from = try time(.aheadFrom), let to = try time(.aheadTo), from < to { ahead = from..<to }
        return ClaimedSchedule(
            id: try required(.id, id), tenant: try required(.tenant, tenant), name: try required(.name, scheduleName),
            revision: try required(.revision, int), nextAt: try planningStart(), fired: try required(.fired, int),
            timing: try required(.timing, bytes), action: try required(.action, bytes),
            resumeMissed: try int(.resumeMissed), ahead: ahead,
            isOneOff: try int(.kind) == ScheduleKind.hidden.rawValue, updatedAt: try required(.updatedAt, time))
    }

    /// Where planning resumes: `resume_at` if set, else `next_at`.
    private func planningStart() throws(PostgresError) -> Timestamp {
        if let resumeAt = try time(.resumeAt) { return resumeAt }
        return try required(.nextAt, time)
    }
}
