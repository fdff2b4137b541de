import Model
import Store

extension PostgresConnection {
    /// When the monitor last did each of its duties, and whether tomorrow's partition exists.
    func monitorAge(now: Timestamp) throws(PostgresError) -> MonitorAge {
        let tomorrow = Timestamp(seconds: (floorDivide(now.seconds, 86_400) + 1) * 86_400)
        let rows = try query(StatementCall(.watchDuties, [.time(tomorrow)])) { row throws(PostgresError) in
            (name: try row.text(0), time: try row.time(1))
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

    /// Creates a day's partition; false if it existed. A lock that is not granted within 200 ms throws SQLSTATE 55P03.
    func addDay(_ day: Timestamp) throws(PostgresError) -> Bool {
        let made = try transaction(first: [StatementCall(.shortLock)]) { connection throws(PostgresError) in
            try connection.query(StatementCall(.addDay, [.time(day)])) { row throws(PostgresError) in
                try row.required(0, row.bool)
            }
        }
        return made == [true]
    }
}

extension Statement {
    /// For transactions that would block others while waiting for a lock themselves.
    static let shortLock = Statement("set local lock_timeout = '200ms'")
}
