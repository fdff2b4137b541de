import Foundation
import Model
import Postgres
import TestServers
import Testing

/// What the planner makes of the statements that scan: a plan that reads a whole day works in every other test, and stops a system
/// that has run for a while.
@Suite(.serialized) struct PlanTests {
    /// The statements, by their files, with the values of one call.
    private static let scans = [
        ("sweep", "now() - interval '60 s', now()"),
        ("unsettled-triggers", "now() - interval '70 s', '00000000-0000-0000-0000-000000000000'::uuid, 1000::bigint"),
        ("claim-planned", "3::smallint, now() - interval '9 s', now(), 1000::bigint, 1::bigint, '{a,b}'::text[]"),
        ("expire-planned", "3::smallint, now() - interval '9 s', now(), 1000::bigint"),
        ("open-pass", "3::smallint, 1::bigint, now(), now() + interval '1 s'"),
        ("raise-planned-floor", "3::smallint"),
        ("claim-schedules", "3::smallint, now() - interval '9 s', now(), 1000::bigint"),
        ("raise-floor", "3::smallint, now()"),
        ("shards-overview", "'{0,1,2,3}'::smallint[], now() + interval '1 year', '-infinity'::timestamptz"),
        ("api-cancel-open", "array[gen_random_uuid()], now(), 'x', false"),
    ]

    @Test func `scans read what they look for, and not the day`() async throws {
        try await Cluster.with { it in
            // Plans are made while the partitions are empty, as in a new system; then the day fills.
            let engine = PostgresConnection(
                .engine(url: it.postgres.postgresURL(user: "headgate_engine"), applicationName: "plans"))
            for (name, values) in Self.scans {
                try await engine.run(script: try Self.prepare(name, count: values))
                try await engine.run(script: "begin; explain execute \(Self.id(name))(\(values)); rollback")
            }
            try await it.execute(
                """
                insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at, deadline,
                    tenant, name)
                select (now() at time zone 'UTC')::date, gen_random_uuid(), i % 4, 0, 2, 1, gen_random_uuid(),
                    now() - i * interval '1 s', now() - i * interval '1 s', now(), 'acme', 'a' from generate_series(1000, 30000) i;
                insert into headgate.schedule (shard, id, tenant, name, revision, state, next_at, timing, action, created_at, updated_at)
                select i % 4, gen_random_uuid(), 'acme', 'a', 1, 0, now() + i * interval '1 s', '', '', now(), now()
                    from generate_series(1000, 30000) i;
                update headgate.monitor set swept_to = now() - interval '65 s';
                update headgate.shard set low = now() - interval '10 s', planned_low = now() - interval '10 s'
                """)
            for fill in ["as they were planned", "planned anew"] {
                if fill == "planned anew" {
                    try await it.execute("analyze headgate.trigger; analyze headgate.schedule")
                }
                for (name, values) in Self.scans {
                    let rows = try await Self.rowsRead(name, values, engine)
                    #expect(rows < 100, "\(name), \(fill): \(rows) rows read")
                }
            }
            await engine.close()
        }
    }

    private static func id(_ name: String) -> String { "plan_" + name.replacing("-", with: "_") }

    private static func prepare(_ name: String, count values: String) throws -> String {
        let file = Cluster.sources.appending(path: "Core/Postgres/sql/\(name).sql")
        let text = Statement(name, Array(try Data(contentsOf: file))).text
        return "prepare \(id(name)) as " + text.replacing("${shard}", with: "3")
    }

    /// Rows that a call's scans looked at, kept or not.
    private static func rowsRead(_ name: String, _ values: String, _ engine: PostgresConnection) async throws -> Int {
        try await engine.run(script: "begin")
        let call = StatementCall(Statement("explain (analyze, timing off, costs off) execute \(id(name))(\(values))"))
        let lines = try await engine.values(call, .text)
        try await engine.run(script: "rollback")
        var rows = 0
        for line in lines {
            if let removed = line.firstMatch(of: /Rows Removed by Filter: (\d+)/) { rows += Int(removed.1) ?? 0 }
            if line.contains("Scan"), let read = line.firstMatch(of: /actual rows=(\d+) loops=(\d+)/) {
                rows += (Int(read.1) ?? 0) * (Int(read.2) ?? 1)
            }
        }
        return rows
    }
}
