import Model
import Store

extension PostgresConnection {
    /// When the monitor last did its duties, and whether the next day has its partition.
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
            // A duty of another version is nobody's here.
            if let duty = MonitorDuty(rawValue: name) { age.doneAt[duty] = row.time }
        }
        return age
    }

    /// Makes a day's partition; gives up soon where somebody stands in the way. False: it was there.
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
    /// Of a transaction that must not make others wait behind it.
    static let shortLock = Statement("set local lock_timeout = '200ms'")
}
