private import Model

/// Spreads the schedules over more shards while everything runs.
///
/// Creates the new shards first; loaders and the API notice them within seconds. Then moves schedules, up to 500 per
/// transaction, together with their names and those of their triggers that may still be sent. A writer that meets a
/// moving row waits for the commit or retries. Safe to interrupt and rerun; a second run changes nothing.
package struct Resharder: Sendable {
    /// Connects as a superuser, or as the owner of the schema.
    package var url: String
    /// The number of shards wanted, 1 to 1024.
    package var shards: Int

    private static let page = 500

    /// A resharder that has not connected yet; traps unless `shards` is 1 to 1024.
    package init(url: String, shards: Int) {
        precondition((1...1_024).contains(shards), "1 to 1024 shards, not \(shards)")
        self.url = url
        self.shards = shards
    }

    /// Returns how many schedules it moved. Throws `ReshardError` if there are more shards already, otherwise
    /// `PostgresError`.
    ///
    /// - Parameter report: called after each shard with the number moved so far.
    package func run(_ report: (Int) -> Void = { _ in }) async throws -> Int {
        let connection = PostgresConnection(.init(url: url, applicationName: "headgate reshard"))
        try await connection.run(script: "set client_min_messages = warning; set role headgate_owner; set jit = off")
        let known = try await connection.values(StatementCall(.countShards), .int)[0]
        guard known <= shards else { throw ReshardError(known: known, wanted: shards) }
        for shard in known..<shards { try await add(shard, connection) }
        var total = 0
        // The API may create schedules by the old count until it sees the new shards, so repeat until a round moves
        // none.
        while true {
            var moved = 0
            for shard in 0..<shards {
                moved += try await empty(shard, connection)
                report(total + moved)
            }
            total += moved
            if moved == 0 { break }
        }
        await connection.close()
        return total
    }

    /// Creates the partition beside the parent and attaches it, so that nobody waits for more than a moment.
    private func add(_ shard: Int, _ connection: PostgresConnection) async throws {
        let script = """
            begin; set local lock_timeout = '2s';
            create table headgate.schedule_\(shard) (like headgate.schedule including defaults including constraints)
                with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
            alter table headgate.schedule attach partition headgate.schedule_\(shard) for values in (\(shard));
            insert into headgate.shard (shard) values (\(shard)); commit
            """
        try await Resharder.patiently {
            do {
                try await connection.run(script: script)
            } catch {
                try await connection.run(script: "rollback")
                throw error
            }
        }
    }

    /// Attempts `body` up to 50 times while another transaction is in the way: a lock timeout, a deadlock, a moved row.
    private static func patiently<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        for _ in 1..<50 {
            do {
                return try await body()
            } catch let error as PostgresError where error.isRetryable && error.code == .refused {
                continue
            }
        }
        return try await body()
    }

    /// Moves the schedules out of a shard that belong to another. Returns how many.
    private func empty(_ shard: Int, _ connection: PostgresConnection) async throws -> Int {
        var last = ScheduleID.lowest
        var moved = 0
        while true {
            let call = StatementCall(.reshardPage, [.smallint(shard), .uuid(last), .bigint(Resharder.page)])
            let page = try await connection.query(call) { (row: PostgresRow<NameColumn>) throws(PostgresError) in
                NamedSchedule(
                    id: try row.required(.id, row.id), tenant: try row.required(.tenant, row.tenant),
                    name: try row.required(.name, row.scheduleName))
            }
            let leaving = page.filter { $0.id.shard(of: shards) != shard }
            if !leaving.isEmpty { moved += try await move(leaving, from: shard, connection) }
            guard let end = page.last, page.count == Resharder.page else { return moved }
            last = end.id
        }
    }

    private func move(
        _ names: [NamedSchedule], from shard: Int, _ connection: PostgresConnection
    ) async throws -> Int {
        let shards = shards
        return try await Resharder.patiently {
            try await connection.transaction { transaction throws(PostgresError) in
                try transaction.move(names, from: shard) { $0.shard(of: shards) }
            }
        }
    }

    fileprivate struct NamedSchedule: Sendable {
        var id: ScheduleID
        var tenant: TenantID
        var name: ScheduleName
    }
}

/// There are more shards than were asked for; their number cannot shrink.
package struct ReshardError: Error, CustomStringConvertible {
    var known: Int
    var wanted: Int
    /// Says how many shards there are and how many were asked for.
    package var description: String {
        "there are \(known) shards already; their number can grow, not shrink to \(wanted)"
    }
}

/// Columns of `reshard-page`.
private enum NameColumn: Int, ResultColumn {
    case id, tenant, name
}

/// Columns of `reshard-triggers`.
private enum PlannedColumn: Int, ResultColumn {
    case shard, plannedAt
}

extension PostgresTransaction {
    fileprivate func move(
        _ names: [Resharder.NamedSchedule], from shard: Int, to target: (ScheduleID) -> Int
    ) throws(PostgresError) -> Int {
        let lock = StatementCall(
            .reshardLock,
            [
                .smallint(shard), .tenants(names.map(\.tenant)), .names(names.map(\.name)), .uuids(names.map(\.id)),
            ])
        let ids = try values(lock, .scheduleID)
        if ids.isEmpty { return 0 }
        let targets = ids.map(target)
        try shareFloors(of: Set(targets))
        let places = [PostgresValue.uuids(ids), .smallints(targets)]
        let day = try now() - .seconds(40 * 86_400)
        let planned = try query(StatementCall(.reshardTriggers, places + [.time(day)])) {
            (row: PostgresRow<PlannedColumn>) throws(PostgresError) in
            (shard: try row.required(.shard, row.int), plannedAt: try row.required(.plannedAt, row.time))
        }
        let moved = try query(StatementCall(.reshardSchedules, [.smallint(shard)] + places)) {
            row throws(PostgresError) in try row.armed()
        }
        let armed = moved.filter { $0.next != nil }
        if !armed.isEmpty {
            try execute(
                StatementCall(.apiLowerFloor, [.smallints(armed.map(\.shard)), .times(armed.map(\.next))]))
        }
        for place in planned {
            try execute(StatementCall(.apiLowerPlannedFloor, [.smallint(place.shard), .time(place.plannedAt)]))
        }
        return moved.count
    }
}
