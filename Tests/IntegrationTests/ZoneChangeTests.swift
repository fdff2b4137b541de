import Foundation
import FunctionRuntime
import Model
import Postgres
import Store
import TestServers
import TestTarget
import Testing

/// New time zones, while schedules are stored that were computed with old ones.
@Suite(.serialized) struct ZoneChangeTests {
    @Test func `what was computed with other time zones is computed anew, and nothing else is`() async throws {
        try await Cluster.with { it in
            let now = try await it.registry.now()
            let action: JSON = ["http": ["url": .string("http://127.0.0.1:\(it.target.port)/ok")]]
            func cron(_ zone: String) -> JSON {
                ["action": action, "when": [["cron": "30 2 * * *", "timeZone": .string(zone)]]]
            }
            try await it.register([
                ("berlin", cron("Europe/Berlin")), ("utc", cron("UTC")),
                ("every", ["action": action, "when": [["every": "30d"]]]),
                ("soon", it.once("/ok", after: .seconds(3), at: now)),
            ])
            let right = try #require(try await it.registry.schedule("berlin", tenant: "acme")?.nextAt)
            // As if Berlin had been an hour off, and the others had been touched by hand: these stay.
            try await it.execute(
                "update headgate.schedule set next_at = next_at + interval '1 hour' where name <> 'soon'; update headgate.shard set zones = '1999z'"
            )
            let others = try await [
                it.registry.schedule("utc", tenant: "acme")?.nextAt,
                it.registry.schedule("every", tenant: "acme")?.nextAt,
            ]
            try it.startAll()
            let version = try #require(SystemZones.version)
            try await eventually("all shards are computed") {
                try await it.number("select count(*) from headgate.shard where zones <> '\(version)'") == 0
            }
            #expect(try await it.registry.schedule("berlin", tenant: "acme")?.nextAt == right)
            let after = try await [
                it.registry.schedule("utc", tenant: "acme")?.nextAt,
                it.registry.schedule("every", tenant: "acme")?.nextAt,
            ]
            #expect(after == others)
            try await it.settled(1)
            #expect(try await it.trigger("soon").state == .delivered)
        }
    }
}
