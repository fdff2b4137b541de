import Foundation
import Model
import Postgres
import TestServers
import TestTarget
import Testing

/// More shards, while everything runs.
@Suite(.serialized) struct ReshardTests {
    private static let shards = Cluster.shards * 2

    @Test func `schedules move to twice the shards under load, and no occurrence is lost or made twice`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            try await registerLoad(api, it)
            async let moving = Resharder(url: it.postgres.postgresURL(), shards: Self.shards).run()
            // Meanwhile somebody fires and pauses.
            for index in stride(from: 0, to: 400, by: 20) {
                #expect(try await api.call("POST", "/v1/schedules/s\(index)/fire").status == 202)
                #expect(try await api.call("POST", "/v1/schedules/s\(index + 3)/pause").status == 200)
            }
            #expect(try await moving > 100)
            try await expectTriggersWithTheirSchedules(it)
            try await expectMovedOnesGoOn(it)
            try await expectNoGaps(it)
            try await expectEachCalledOnce(api, it)
        }
    }

    @Test func `names and schedules are spread over all shards, and a second resharding moves nothing`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register((0..<400).map { ("s\($0)", it.once("/ok", after: .seconds(600), at: now)) })
            let url = it.postgres.postgresURL()
            #expect(try await Resharder(url: url, shards: Self.shards).run() > 100)
            #expect(try await it.number("select count(distinct shard) from headgate.schedule") == Self.shards)
            let astray = """
                select count(*) from headgate.schedule_name n
                where not exists (select 1 from headgate.schedule s where s.shard = n.shard and s.id = n.id)
                """
            #expect(try await it.number(astray) == 0)
            #expect(try await Resharder(url: url, shards: Self.shards).run() == 0)
        }
    }

    /// Schedules due every second, placed at once, planned minutes ahead, and some in the far future.
    private func registerLoad(_ api: APIClient, _ it: Cluster) async throws {
        let action = #""action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)/ok"}}"#
        let lines = (0..<400).map { index in
            let timing = [
                #""when":[{"every":"1s"}]"#, #""when":[{"every":"2s"}],"margin":"1s""#,
                #""when":[{"every":"3s"}],"margin":"6m""#, #""when":[\#(Cluster.hourly)]"#,
            ][index % 4]
            return #"{"name":"s\#(index)",\#(action),\#(timing)}"#
        }
        let made = try await api.call("POST", "/v1/schedules/import", lines.joined(separator: "\n"))
        #expect(made.body["created"]?.int == 400)
        try await eventually("they run") { try await it.keysSeen() > 300 }
    }

    private func expectTriggersWithTheirSchedules(_ it: Cluster) async throws {
        let astray = """
            select count(*) from headgate.trigger t join headgate.schedule s on s.id = t.schedule_id
            where t.state < ${state.final} and t.shard <> s.shard
            """
        #expect(try await it.number(astray) == 0)
    }

    private func expectMovedOnesGoOn(_ it: Cluster) async throws {
        let time = try await it.registry.now()
        let often = "right(s.name, -1)::int % 4 < 2"
        let running = """
            select count(distinct t.schedule_id) from headgate.trigger t join headgate.schedule s on s.id = t.schedule_id
            where s.shard >= \(Cluster.shards) and t.state = ${state.delivered} and t.occurrence > '\(time)' and t.kind = ${kind.scheduled} and \(often)
            """
        let wanted = try await it.number(
            "select count(*) from headgate.schedule s where shard >= \(Cluster.shards) and \(often)")
        try await eventually("the moved ones go on") { try await it.number(running) >= wanted }
    }

    /// Each occurrence has one record: between a schedule's first and last there is no gap.
    private func expectNoGaps(_ it: Cluster) async throws {
        let gaps = """
            select count(*) from (
                select t.occurrence - lag(t.occurrence) over (partition by t.schedule_id order by t.occurrence) as step, s.name
                from headgate.trigger t join headgate.schedule s on s.id = t.schedule_id where t.kind = ${kind.scheduled}) x
            where step <> case (right(name, -1)::int % 4) when 0 then interval '1s' when 1 then interval '2s'
                when 2 then interval '3s' else interval '1h' end
            """
        #expect(try await it.number(gaps) == 0)
        #expect(
            try await it.triggers(
                where:
                    "state in (${state.expired}, ${state.dead}, ${state.skipped}) or (state = ${state.cancelled} and reason <> 'paused')"
            ) == 0)
    }

    private func expectEachCalledOnce(_ api: APIClient, _ it: Cluster) async throws {
        _ = try await api.call("POST", "/v1/schedules/pause?prefix=", "{}")
        try await eventually("all is settled") {
            try await it.triggers(.planned, .queued) == 0
        }
        let calls = try await it.callsSeen()
        let delivered = try await it.triggers(.delivered)
        #expect(calls.distinct == delivered && calls.total == delivered)
    }

    @Test func `shards are not taken away`() async throws {
        try await Cluster.with { it in
            await #expect(throws: ReshardError.self) {
                try await Resharder(url: it.postgres.postgresURL(), shards: Cluster.shards - 1).run()
            }
        }
    }

    @Test func `a resharding that is stopped in the middle is finished by another`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            try await it.register((0..<6_000).map { ("s\($0)", it.once("/ok", after: .seconds(600), at: now)) })
            let url = it.postgres.postgresURL()
            // Somebody holds the last shard's schedules: it gets as far as there.
            let holder = PostgresConnection(.init(url: url, applicationName: "holder"))
            try await holder.run(
                script: "begin; select 1 from headgate.schedule where shard = \(Cluster.shards - 1) for update")
            let first = try it.start("headgate", ["reshard", "--postgres", url, "--shards", "\(Self.shards)"])
            let there = "select count(*) from headgate.schedule where shard >= \(Cluster.shards)"
            try await eventually("it waits") {
                try await it.number("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") > 0
            }
            kill(first.processIdentifier, SIGKILL)
            try await eventually("it is dead") { !first.isRunning }
            let before = try await it.number(there)
            await holder.close()
            let moved = try await Resharder(url: url, shards: Self.shards).run()
            #expect(moved > 0 && before > 0, "it was killed in the middle")
            #expect(try await it.number("select count(distinct shard) from headgate.schedule") == Self.shards)
            #expect(try await it.count(of: .schedules) == 6_000)
            let least = "select min(count)::int from (select count(*) from headgate.schedule group by shard) x"
            #expect(try await it.number(least) > 600, "6,000 by their hash in 8 shards")
        }
    }
}
