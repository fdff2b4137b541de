import Postgres

/// What tests do to the database behind the functions' backs.
extension Cluster {
    /// Moves all schedules back, as if nothing had run for so many hours.
    func missHours(_ hours: Int) async throws {
        try await execute(
            """
            update headgate.schedule set next_at = next_at - interval '\(hours) hours',
                resume_at = resume_at - interval '\(hours) hours', updated_at = updated_at - interval '\(hours) hours';
            update headgate.shard set low = '-infinity'
            """)
    }

    /// Puts triggers that meet a condition on the overdue list, due at once; all of them by default.
    func makeOverdue(where condition: String = "true") async throws {
        try await execute(
            "insert into headgate.overdue select day, id, now() from headgate.trigger where \(condition) on conflict do nothing"
        )
    }

    /// Lets the deadlines of planned triggers pass.
    func passDeadlines(ofPlanned count: Int = .max) async throws {
        try await execute(
            """
            update headgate.trigger set deadline = now() - interval '1 second' where (day, id) in
                (select day, id from headgate.trigger where state = ${state.planned} limit \(count))
            """)
    }

    /// A record that no version can read.
    enum Damage: String {
        case timing
        case action
    }

    /// Makes a part of a schedule unreadable.
    func damage(_ part: Damage, ofSchedule name: String) async throws {
        try await execute("update headgate.schedule set \(part.rawValue) = '\\x00' where name = '\(name)'")
    }

    /// Ends the sessions that meet a condition on `pg_stat_activity`.
    func endSessions(where condition: String) async throws {
        try await execute("select pg_terminate_backend(pid) from pg_stat_activity where \(condition)")
    }
}
