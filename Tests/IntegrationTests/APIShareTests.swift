import Curl
import Foundation
import HTTP
import Model
import Postgres
import Synchronization
import TestServers
import Testing

/// What one caller of the API cannot take from others.
@Suite(.serialized) struct APIShareTests {
    @Test
    func `beside clients that send a byte a second and a tenant's heavy lists, another tenant's schedules are stored`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it, ["--connections", "2", "--head-timeout", "3s"])
            try await it.execute(
                """
                insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at, deadline, tenant, name)
                select (at at time zone 'UTC')::date,
                    (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid,
                    0, 0, 5, 1, gen_random_uuid(), at, at, at, 'heavy', 'a'
                from (select date_trunc('day', now()) + n * interval '1 second' as at, n from generate_series(1, 30000) n) t
                """)
            let port = Int(api.url.split(separator: ":").last!)!
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let connection = try RawConnection(port: port)
                        let head = Array(
                            "GET /v1/schedules HTTP/1.1\r\nHost: x\r\nX-Slow: \(String(repeating: "a", count: 100))"
                                .utf8)
                        var sent = 0
                        for byte in head {
                            guard connection.send([byte]) else { break }
                            sent += 1
                            try await Task.sleep(for: .seconds(1))
                        }
                        #expect(sent < 20, "connection \(number) was kept for \(sent) bytes")
                        return 0
                    }
                }
                for _ in 0..<200 {
                    group.addTask {
                        // They have their turns one after the other.
                        try await HTTPClient().execute(
                            HTTPRequest(
                                url: "\(api.url)/v1/triggers?from=2000-01-01T00:00:00Z&limit=1000",
                                headers: [("Authorization", "Bearer \(api.key)"), ("Headgate-Tenant", "heavy")],
                                timeout: .seconds(180))
                        ).status
                    }
                }
                for number in 0..<20 {
                    let put = try await api.call("PUT", "/v1/schedules/a\(number)", APITests.schedule, tenant: "quiet")
                    #expect(put.status == 201)
                }
                for try await status in group where status != 0 { #expect(status == 200) }
            }
            let metrics = try await HTTPClient().execute(HTTPRequest(url: "\(api.url)/metrics"))
            #expect(String(decoding: metrics.body, as: UTF8.self).contains(#"headgate_api_closed_total{part="head"}"#))
        }
    }

    /// Lists that wait for a table which somebody has locked.
    @Test func `a tenant that reads writes meanwhile, and another one reads`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it, ["--connections", "4", "--readers", "2"])
            let locked = PostgresConnection(.init(url: it.postgres.postgresURL(), applicationName: "lock"))
            try await locked.run(script: "begin; lock table headgate.schedule in access exclusive mode")
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 {
                    group.addTask { try await api.call("GET", "/v1/schedules", tenant: "busy").status }
                }
                try await eventually("one of them waits for the lock") {
                    try await it.number("select count(*) from pg_locks where not granted") == 1
                }
                let write = Task { try await api.call("POST", "/v1/keys", #"{"subject":"a"}"#, tenant: "busy").status }
                let read = Task { try await api.call("GET", "/v1/keys", tenant: "quiet").status }
                #expect(try await [write.value, read.value] == [201, 200])
                try await locked.run(script: "rollback")
                // A statement that waits ends after five seconds.
                for try await status in group { #expect(status == 200 || status == 503) }
            }
            await locked.close()
        }
    }

    @Test func `a list that takes too long says so, and does not blame the database`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let locked = PostgresConnection(.init(url: it.postgres.postgresURL(), applicationName: "lock"))
            try await locked.run(script: "begin; lock table headgate.schedule in access exclusive mode")
            let answer = try await api.call("GET", "/v1/schedules")
            try await locked.run(script: "rollback")
            await locked.close()
            #expect(answer.status == 503 && answer.body["detail"]?.text?.contains("takes too long") == true)
            let metrics = try await HTTPClient().execute(HTTPRequest(url: "\(api.url)/metrics"))
            let refused = #"headgate_api_refused_total{reason="time"} 1"#
            #expect(String(decoding: metrics.body, as: UTF8.self).contains(refused))
        }
    }

    @Test func `a key and a tenant that ask too often get 429 with Retry-After, and others are served`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it, ["--key-rate", "5", "--tenant-rate", "1000"])
            let made = try await api.call("POST", "/v1/keys", #"{"subject":"bob","tenant":"other"}"#)
            let other = api.with(key: try #require(made.body["key"]?.text))
            var statuses: [Int] = []
            for _ in 0..<40 { statuses.append(try await other.call("GET", "/v1/schedules").status) }
            #expect(statuses.prefix(5).allSatisfy { $0 == 200 } && statuses.contains(429))
            let request = HTTPRequest(
                url: "\(api.url)/v1/schedules", headers: [("Authorization", "Bearer \(other.key)")])
            var response = try await HTTPClient().execute(request)
            while response.status == 200 { response = try await HTTPClient().execute(request) }
            #expect(response.status == 429 && response.header("Retry-After") == "1")
            #expect(try JSON(parsing: response.body)["type"]?.text == "https://headgate.dev/problems/rate")
            #expect(try await api.call("GET", "/v1/schedules").status == 200)
            try await eventually("it is served again") { try await other.call("GET", "/v1/schedules").status == 200 }
        }
    }

    @Test func `a revoked key is refused within five seconds, by another API too`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let made = try await api.call("POST", "/v1/keys", #"{"subject":"bob","tenant":"other"}"#)
            let key = try #require(made.body["key"]?.text)
            let second = try await APIClient.start(it).with(key: key)
            #expect(try await second.call("GET", "/v1/schedules").status == 200)
            let id = try #require(made.body["id"]?.text)
            #expect(try await api.call("DELETE", "/v1/keys/\(id)", tenant: "other").status == 204)
            #expect(try await api.with(key: key).call("GET", "/v1/schedules").status == 401)
            try await eventually("the other API refuses it", within: .seconds(5)) {
                try await second.call("GET", "/v1/schedules").status == 401
            }
        }
    }

    @Test func `a body that does not come and a connection without a request are closed`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it, ["--body-timeout", "1s", "--idle-timeout", "1s"])
            let port = Int(api.url.split(separator: ":").last!)!
            let body = try RawConnection(port: port)
            body.send(
                Array(
                    "PUT /v1/schedules/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(api.key)\r\nContent-Length: 99\r\n\r\n{"
                        .utf8))
            #expect(await body.receive().isEmpty)
            let idle = try RawConnection(port: port)
            idle.send(Array("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            #expect(String(decoding: await idle.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
            let metrics = try await HTTPClient().execute(HTTPRequest(url: "\(api.url)/metrics"))
            let text = String(decoding: metrics.body, as: UTF8.self)
            #expect(text.contains(#"headgate_api_closed_total{part="body"} 1"#))
            #expect(text.contains(#"headgate_api_closed_total{part="idle"}"#))
        }
    }

    @Test func `a call that changes nothing keeps nothing, and a kept answer has an end`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            for number in 0..<3 {
                let answer = try await api.call(
                    "POST", "/v1/schedules/preview?count=1000", APITests.schedule, repeating: "key-\(number)")
                #expect(answer.status == 200 && answer.body["upcoming"]?.elements?.count == 1_000)
            }
            #expect(try await it.count(of: .requests) == 0)
            // A PUT of what is stored writes neither the row nor the audit log.
            let stored = "select max(xmin::text::int8) from headgate.schedule"
            _ = try await api.call("PUT", "/v1/schedules/a", APITests.schedule)
            let (before, audited) = (
                try await it.number(stored), try await it.count(of: .auditEntries)
            )
            for _ in 0..<3 { #expect(try await api.call("PUT", "/v1/schedules/a", APITests.schedule).status == 200) }
            let line = #"{"name":"a",\#(APITests.schedule.dropFirst())"#
            #expect(try await api.call("POST", "/v1/schedules/import", line).body["updated"]?.int == 1)
            #expect(try await it.number(stored) == before)
            #expect(try await it.count(of: .auditEntries) == audited)
            let bad = Array(repeating: #"{"name":"?"}"#, count: 2_000).joined(separator: "\n")
            let lines = #"{"name":"b",\#(APITests.schedule.dropFirst())"# + "\n" + bad
            let first = try await api.call("POST", "/v1/schedules/import", lines, repeating: "large")
            #expect(first.status == 200 && first.body["refused"]?.elements?.count == 2_000)
            let second = try await api.call("POST", "/v1/schedules/import", lines, repeating: "large")
            #expect(second.status == 409, "\(second.status)")
            #expect(try await it.number("select max(length(body)) from headgate.idempotency") < 65_536)
        }
    }

    @Test func `a write that finds nothing to change keeps no answer, and is carried out when it is repeated`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let line = #"{"name":"a",\#(APITests.schedule.dropFirst())"#
            let calls: [(path: String, body: String?, count: String)] = [
                ("/v1/schedules/import", #"{"name":"?"}"#, "updated"), ("/v1/schedules/import", line, "updated"),
                ("/v1/schedules/pause?prefix=none", nil, "paused"),
                ("/v1/schedules/resume?prefix=none", nil, "resumed"),
                ("/v1/queues/triggers/redrive", nil, "redriven"),
                ("/v1/queues/outcomes/redrive", nil, "redriven"),
            ]
            #expect(try await api.call("POST", "/v1/schedules/import", line).body["created"]?.int == 1)
            for (number, call) in calls.enumerated() {
                for _ in 0..<2 {
                    let answer = try await api.call("POST", call.path, call.body, repeating: "key-\(number)")
                    #expect(answer.status == 200 && answer.body[call.count] != nil, "\(call): \(answer)")
                }
            }
            #expect(try await it.count(of: .requests) == 0)
            let paused = try await api.call("POST", "/v1/schedules/pause?prefix=a", repeating: "key-2")
            #expect(paused.body["paused"]?.int == 1, "the key was not used up")
        }
    }

    @Test func `a list of all triggers is read in parts, which together are whole`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try await it.execute(
                """
                insert into headgate.trigger (day, id, shard, kind, state, revision, schedule_id, occurrence, planned_at, deadline, tenant, name)
                select (at at time zone 'UTC')::date,
                    (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid,
                    0, 0, 2, 1, gen_random_uuid(), at, at, at, case when n % 2 = 0 then 'dev' else 'else' end, 'a'
                from (select date_trunc('day', now()) + n * interval '37 seconds' as at, n from generate_series(1, 2000) n) t
                """)
            var (seen, cursor, pages): ([String], String?, Int) = ([], nil, 0)
            repeat {
                let more = cursor.map { "&cursor=\($0)" } ?? ""
                let page = try await api.call(
                    "GET", "/v1/triggers?from=2000-01-01T00:00:00Z&to=9999-01-01T00:00:00Z&limit=300\(more)")
                #expect(page.status == 200)
                seen += (page.body["items"]?.elements ?? []).compactMap { $0["occurrence"]?.text }
                cursor = page.body["next"]?.text
                pages += 1
            } while cursor != nil && pages < 100
            #expect(seen.count == 1_000 && Set(seen).count == 1_000 && pages < 100)
            #expect(seen == seen.sorted(by: >))
        }
    }

    /// Blank lines between documents once kept an import on its thread until it ended.
    @Test func `imports do not hold up other requests, and one tenant sends one large body at a time`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let lines = String(repeating: "{\"a\":1}\n\n", count: 120_000)
            async let first = api.call("POST", "/v1/schedules/import", lines, tenant: "a")
            async let second = api.call("POST", "/v1/schedules/import", lines, tenant: "b")
            let isDone = Atomic(false)
            func longestAnswer() async throws -> Duration {
                var longest = Duration.zero
                while !isDone.load(ordering: .relaxed) {
                    let asked = ContinuousClock.now
                    #expect(try await api.call("GET", "/healthz").status == 200)
                    longest = max(longest, .now - asked)
                }
                return longest
            }
            let start = ContinuousClock.now
            async let longest = longestAnswer()
            let third = try await api.call("POST", "/v1/schedules/import", lines, tenant: "a")
            let small = try await api.call("POST", "/v1/schedules/import", "{}", tenant: "a")
            let large = try await [first, second, third]
            isDone.store(true, ordering: .relaxed)
            #expect(large.map(\.status).sorted() == [200, 200, 429], "\(large.map(\.status))")
            #expect(small.status == 200)
            let imported = try #require(large.first { $0.status == 200 }).body
            #expect(imported["refused"]?.elements?.count == 10_000 && imported["omitted"]?.int == 110_000)
            #expect(imported["refused"]?.elements?[1]["line"]?.int == 3)
            // The turns have been given back; a line is as long as the document of a PUT at most.
            let long = #"{"name":"\#(String(repeating: "a", count: 1 << 20))"}"#
            let refused = try await api.call("POST", "/v1/schedules/import", long, tenant: "a")
            let detail = refused.body["refused"]?.elements?.first?["errors"]?.elements?.first?["detail"]?.text
            #expect(refused.status == 200 && detail?.contains("has at most 1048576") == true, "\(refused)")
            // Relative to the imports, which take seconds, so that the machine's speed does not matter.
            let waited = try await longest
            #expect(waited * 5 < ContinuousClock.now - start, "other requests have waited for the imports")
        }
    }
}
