package import Model
package import Store

/// `WakeStore` on one Postgres connection, whose session holds the locks of its groups. A page of all buckets is one
/// statement.
package final class PostgresWakeStore: WakeStore {
    private let connection: PostgresConnection

    /// Columns of `read-wakes`.
    private enum WakeColumn: Int, ResultColumn {
        case bucket, execution, tenant, due
    }

    /// A store that connects as the engine role.
    package init(url: String) {
        connection = PostgresConnection(.engine(url: url, applicationName: "headgate wakes"))
    }

    package func close() async { await connection.close() }

    package func now() async throws -> Timestamp { try await connection.now() }

    package func takeGroups(_ groups: [Int]) async throws -> Set<Int> {
        var taken: Set<Int> = []
        // The locks die with the session: pin it, so that the loader learns of its loss and takes the groups again.
        if !groups.isEmpty { try await connection.holdSession() }
        for group in groups {
            if try await connection.value(StatementCall(.takeWakeGroup, [.int(group)]), .bool) == true {
                taken.insert(group)
            }
        }
        return taken
    }

    package func wakes(_ buckets: [WakePlace], before time: Timestamp, limit: Int) async throws -> [WakeRow] {
        let call = StatementCall(
            .readWakes,
            [
                .smallints(buckets.map(\.bucket)), .times(buckets.map(\.due)), .uuids(buckets.map(\.execution)),
                .time(time), .bigint(limit),
            ])
        return try await connection.query(call) { (row: PostgresRow<WakeColumn>) throws(PostgresError) in
            WakeRow(
                bucket: try row.required(.bucket, row.int), execution: try row.required(.execution, row.id),
                tenant: try row.required(.tenant, row.tenant), due: try row.required(.due, row.time))
        }
    }
}

/// Columns of `unapplied-arrivals`.
private enum UnappliedColumn: Int, ResultColumn {
    case id, execution, tenant, at, isKnown
}

/// Columns of `stale-overlaps`.
private enum StaleColumn: Int, ResultColumn {
    case scheduleID, execution
}

extension PostgresMonitorStore: ExecutionUpkeep {
    package func unapplied(
        after last: UnappliedArrival?, before time: Timestamp, limit: Int
    ) async throws -> [UnappliedArrival] {
        let call = StatementCall(
            .unappliedArrivals,
            [.time(time), .time(last?.at ?? .distantPast), .bigint(last?.id ?? 0), .bigint(limit)])
        return try await connection.query(call) { (row: PostgresRow<UnappliedColumn>) throws(PostgresError) in
            UnappliedArrival(
                id: try row.required(.id, row.int), execution: try row.required(.execution, row.id),
                tenant: try row.required(.tenant, row.tenant), at: try row.required(.at, row.time),
                isKnown: try row.required(.isKnown, row.bool))
        }
    }

    package func drop(_ arrivals: [UnappliedArrival]) async throws {
        try await connection.execute(
            StatementCall(.dropArrivals, [.uuids(arrivals.map(\.execution)), .bigints(arrivals.map(\.id))]))
    }

    package func repairOverlaps(before time: Timestamp, limit: Int) async throws -> Int {
        let stale = try await connection.query(StatementCall(.staleOverlaps, [.time(time), .bigint(limit)])) {
            (row: PostgresRow<StaleColumn>) throws(PostgresError) in
            (schedule: try row.required(.scheduleID, row.uuid), execution: try row.required(.execution, row.uuid))
        }
        if !stale.isEmpty {
            try await connection.execute(
                StatementCall(.finishOverlaps, [.uuids(stale.map(\.schedule)), .uuids(stale.map(\.execution))]))
        }
        return stale.count
    }

    package func countRunEnds(limit: Int) async throws -> CountedRuns {
        try await connection.transaction { transaction throws(PostgresError) in
            let taken = try transaction.query(StatementCall(.takeRunEnds, [.bigint(limit)])) {
                (row: PostgresRow<RecordedTrigger.RunColumn>) throws(PostgresError) in try RecordedTrigger(run: row)
            }
            if taken.isEmpty { return CountedRuns() }
            let ended = taken.compactMap(\.self)
            let cancelled = try transaction.countFailures(ended, ofRuns: true)
            return CountedRuns(
                count: taken.count, calls: try transaction.failureCalls(of: ended), cancelled: cancelled)
        }
    }

    package func forgetEnded(before time: Timestamp, limit: Int) async throws -> Int {
        try await connection.value(StatementCall(.forgetExecutions, [.time(time), .bigint(limit)]), .int) ?? 0
    }
}
