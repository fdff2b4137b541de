import Foundation
import Model
import Postgres

/// S9: a million executions that wait; what is done on their rows while nothing is due. S13: 100,000 waits that end in the same
/// second, beside a quiet tenant.
///
/// One execution is brought to its wait by the engine; the others are copies of its rows.
struct WaitingFlows {
    /// Executions of S9.
    let count: Int
    /// How long nothing is due.
    let idle: Duration
    /// Waits of S13 that end together.
    static let together = 100_000

    // MARK: S9

    func wait(_ stand: BenchCluster) async throws -> [ResultRow] {
        let template = try await template(stand, for: "300d")
        let empty = try await sizes(stand)
        try await copy(template, count, tenants: 1_000, due: "now() + interval '300 days'", stand)
        try await stand.database.run(script: "vacuum analyze headgate.execution, headgate.wake")
        let full = try await sizes(stand)
        // What looks at new rows, such as autovacuum, comes to its end.
        try await Task.sleep(for: .seconds(20))
        let before = try await touched(stand)
        let (begin, used) = (ContinuousClock.now, stand.processorSeconds())
        try await Task.sleep(for: idle)
        let after = try await touched(stand)
        let elapsed = (ContinuousClock.now - begin).inSeconds
        let now = stand.processorSeconds()
        let seconds = now.reduce(0.0) { $0 + $1.value.seconds - (used[$1.key]?.seconds ?? 0) }
        let rows = zip(after, before).map { Int($0 - $1) }
        return [
            ResultRow(
                scenario: "S9",
                what:
                    "\(count) executions waiting, \(Int(elapsed)) s without anything due: rows read / written of executions and wakes",
                value: "\(rows[0]) / \(rows[1])", isFailure: rows[0] > 0 || rows[1] > 0),
            ResultRow(
                scenario: "S9", what: "bytes of Postgres an execution, with its wake and all indexes",
                value: "\(Int((full - empty) / Double(count)))"),
            ResultRow(
                scenario: "S9", what: "all processes meanwhile, of one core",
                value: String(format: "%.1f %%", seconds / elapsed * 100)),
        ]
    }

    private func sizes(_ stand: BenchCluster) async throws -> Double {
        let sizes = try await stand.numbers(
            "select (pg_total_relation_size('headgate.execution') + pg_total_relation_size('headgate.wake'))::float8, 0"
        )
        return sizes[0] ?? 0
    }

    /// Rows of executions and wakes that were read, and written, so far.
    private func touched(_ stand: BenchCluster) async throws -> [Double] {
        let figures = try await stand.numbers(
            """
            select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8, sum(n_tup_ins + n_tup_upd + n_tup_del)::float8
            from pg_stat_user_tables where schemaname = 'headgate' and relname in ('execution', 'wake', 'arrival')
            """)
        return figures.map { $0 ?? 0 }
    }

    // MARK: S13

    func together(_ stand: BenchCluster) async throws -> [ResultRow] {
        try await publishQuick(stand)
        let alone = try await quiet(stand, seconds: 20)
        // Far enough ahead that all copies are there.
        let template = try await template(stand, for: "60s")
        let due = "(select due from headgate.wake where execution = '\(template)')"
        // The wake of its start comes first; then it has that of its wait.
        var first = 0.0
        while first < 30 {
            try await Task.sleep(for: .milliseconds(500))
            first = try await stand.numbers("select extract(epoch from \(due) - now())::float8, 0")[0] ?? 0
        }
        try await copy(template, WaitingFlows.together, tenants: 1, due: due, stand)
        let ahead = try await stand.numbers("select extract(epoch from \(due) - now())::float8, 0")[0] ?? -1
        guard ahead > 3 else { throw BenchError(description: "S13: the copies took too long") }
        try await Task.sleep(for: .seconds(ahead))
        let begin = ContinuousClock.now
        async let beside = quiet(stand, seconds: 40)
        var left = Double(WaitingFlows.together)
        while left > 0, ContinuousClock.now - begin < .seconds(180) {
            try await Task.sleep(for: .milliseconds(500))
            left =
                try await stand.numbers("select count(*)::float8, 0 from headgate.wake where tenant = 'many-0'")[0] ?? 0
        }
        let drained = (ContinuousClock.now - begin).inSeconds
        let high = try await beside
        let ended = try await stand.numbers(
            "select count(*)::float8, 0 from headgate.execution where tenant = 'many-0' and status = ${execution.succeeded}"
        )
        return [
            ResultRow(
                scenario: "S13",
                what: "\(WaitingFlows.together) waits of one tenant that end in the same second, all ended after",
                value: String(format: "%.1f s", drained), isFailure: ended[0] != Double(WaitingFlows.together)),
            ResultRow(
                scenario: "S13",
                what: "another tenant's flows of one call, ten a second: start to end p50 / p99; alone",
                value: "\(high); \(alone)"),
        ]
    }

    private func publishQuick(_ stand: BenchCluster) async throws {
        let url = JSON.string("\(stand.target)/ok/quick")
        let flow: JSON = ["steps": ["call": ["type": "http", "with": ["url": url]]]]
        _ = try await stand.call("PUT", "/v1/flows/quick", flow.serialized)
    }

    /// Starts a flow of one call each 100 ms; how long they take.
    private func quiet(_ stand: BenchCluster, seconds: Int) async throws -> String {
        let from = Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1e6))
        for _ in 0..<seconds * 10 {
            async let pause: Void = Task.sleep(for: .milliseconds(100))
            _ = try await stand.call("POST", "/v1/flows/quick/executions", Array("{}".utf8))
            try await pause
        }
        try await Task.sleep(for: .seconds(5))
        let figures = try await stand.numbers(
            """
            select percentile_disc(0.5) within group (order by extract(epoch from ended_at - created_at))::float8 * 1000,
                percentile_disc(0.99) within group (order by extract(epoch from ended_at - created_at))::float8 * 1000
            from headgate.execution where created_at >= '\(from)' and tenant not like 'many-%' and ended_at is not null
            """)
        return figures.map { String(format: "%.0f", $0 ?? -1) }.joined(separator: " / ") + " ms"
    }

    // MARK: Copies

    /// An execution that the engine has brought to its wait.
    private func template(_ stand: BenchCluster, for time: String) async throws -> String {
        let flow: JSON = ["steps": ["rest": ["type": "wait", "with": ["for": .string(time)]]]]
        _ = try await stand.call("PUT", "/v1/flows/rest", flow.serialized)
        let answer = try await stand.call("POST", "/v1/flows/rest/executions", Array("{}".utf8))
        guard let id = answer["id"]?.text else { throw BenchError(description: "no execution: \(answer)") }
        for _ in 0..<100 {
            let found = try await stand.call("GET", "/v1/executions/\(id)")
            if found["steps"]?.elements?.first?["state"]?.text == "sleeping" { return id }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw BenchError(description: "the template \(id) does not wait")
    }

    private func copy(
        _ template: String, _ count: Int, tenants: Int, due: String, _ stand: BenchCluster
    ) async throws {
        var random = SystemRandomNumberGenerator()
        for first in stride(from: 0, to: count, by: 20_000) {
            let rows = (first..<min(first + 20_000, count)).map { index in
                let id = ExecutionID.v7(at: Timestamp(seconds: Int64(Date.now.timeIntervalSince1970)), using: &random)
                return "('\(id)',\(id.bucket),'many-\(index % tenants)')"
            }
            try await stand.database.run(
                script: """
                    with ids (id, bucket, tenant) as (values \(rows.joined(separator: ","))), made as (
                        insert into headgate.execution (id, tenant, bucket, definition, status, state, seq, input, digest, root, created_at)
                        select i.id::uuid, i.tenant, i.bucket, e.definition, e.status, e.state, e.seq, e.input, e.digest, i.id::uuid, e.created_at
                        from ids i cross join headgate.execution e where e.id = '\(template)'
                    )
                    insert into headgate.wake (execution, bucket, due, tenant) select id::uuid, bucket, \(due), tenant from ids
                    """)
        }
    }
}
