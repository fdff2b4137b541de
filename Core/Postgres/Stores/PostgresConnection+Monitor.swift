import Model
import Store

/// Columns of `watch-duties`.
private enum DutyColumn: Int, ResultColumn {
    case name, doneAt
}

/// Columns of `Statement.weights`.
private enum WeightColumn: Int, ResultColumn {
    case tenant, weight
}

/// What several stores need outside a transaction of their caller.
extension PostgresConnection {
    /// When the monitor last did each of its duties, and whether tomorrow's partition exists.
    func monitorAge(now: Timestamp) throws(PostgresError) -> MonitorAge {
        let tomorrow = Timestamp(seconds: (floorDivide(now.seconds, 86_400) + 1) * 86_400)
        let rows = try query(StatementCall(.watchDuties, [.time(tomorrow)])) {
            (row: PostgresRow<DutyColumn>) throws(PostgresError) in
            (name: try row.text(.name), time: try row.time(.doneAt))
        }
        var age = MonitorAge(doneAt: [:], hasTomorrow: false)
        for row in rows {
            guard let name = row.name else {
                age.hasTomorrow = row.time != nil
                continue
            }
            // Ignore duties that only another version knows.
            if let duty = MonitorDuty(rawValue: name) { age.doneAt[duty] = row.time }
        }
        return age
    }

    /// The weights of tenants whose weight is not 1.
    func weights() throws(PostgresError) -> [TenantID: Double] {
        let rows = try query(StatementCall(.weights)) { (row: PostgresRow<WeightColumn>) throws(PostgresError) in
            (try row.required(.tenant, row.tenant), try row.required(.weight, row.double))
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// Creates a day's partition; false if it existed. A lock that is not granted within 200 ms throws SQLSTATE 55P03.
    func addDay(_ day: Timestamp) throws(PostgresError) -> Bool {
        let made = try transaction(first: [StatementCall(.shortLock)]) { transaction throws(PostgresError) in
            try transaction.values(StatementCall(.addDay, [.time(day)]), .bool)
        }
        return made == [true]
    }
}

extension Statement {
    /// For transactions that would block others while waiting for a lock themselves.
    static let shortLock = Statement("set local lock_timeout = '200ms'")
}
