import Crypto
import Curl
import Foundation
import HTTP
import Model
import Postgres
import Store
import Synchronization
import TestServers
import TestTarget
import Testing

/// The API as a client sees it.
struct APIClient: Sendable {
    let url: String
    let key: String
    private let http = HTTPClient()

    /// Starts the API of a cluster, with a platform admin's key.
    ///
    /// - Parameter postgresPort: where it finds the database, if not at the server itself.
    static func start(
        _ cluster: Cluster, _ arguments: [String] = [], port: Int? = nil, postgresPort: Int? = nil
    ) async throws -> APIClient {
        var random = SystemRandomNumberGenerator()
        let key = APIKey.make(using: &random)
        let now = try await cluster.registry.now()
        let row = KeyRow(
            id: .v7(at: now, using: &random), tenant: "dev", subject: "test", role: "admin", groups: [],
            isPlatform: true)
        try await cluster.registry.insert(
            row, hash: Array(SHA256.hash(data: Array(key.utf8))), by: AuditActor(tenant: "dev", subject: "test"),
            now: now)
        let port = port ?? freePort()
        cluster.apiPort.withLock { $0 = port }
        try cluster.start(
            "api", ["--port", "\(port)"] + arguments, role: "headgate_api", postgresPort: postgresPort)
        let client = APIClient(url: "http://127.0.0.1:\(port)", key: key)
        try await eventually("the API is ready") { (try? await client.call("GET", "/readyz").status) == 200 }
        return client
    }

    func with(key: String) -> APIClient { APIClient(url: url, key: key) }

    private init(url: String, key: String) {
        self.url = url
        self.key = key
    }

    func entityTag(_ path: String) async throws -> String {
        let request = HTTPRequest(url: url + path, headers: [("Authorization", "Bearer \(key)")])
        return try await http.execute(request).header("ETag") ?? ""
    }

    func call(
        _ method: String, _ path: String, _ body: String? = nil, tenant: String? = nil, repeating key: String? = nil,
        matching revision: String? = nil
    ) async throws -> (status: Int, body: JSON) {
        var headers = [(name: "Authorization", value: "Bearer \(self.key)")]
        if let tenant { headers.append(("Headgate-Tenant", tenant)) }
        if let key { headers.append(("Idempotency-Key", key)) }
        if let revision { headers.append(("If-Match", revision)) }
        let request = HTTPRequest(
            method: method, url: url + path, headers: headers, body: body.map { Array($0.utf8) },
            timeout: .seconds(120),
            keptBytes: 64 << 20)
        let response = try await http.execute(request)
        return (response.status, response.body.isEmpty ? .null : (try? JSON(parsing: response.body)) ?? .null)
    }
}

@Suite(.serialized) struct APITests {
    static let schedule = #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"every":"1h"}]}"#

    @Test func `a key that does not exist or was revoked gets 401`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            #expect(try await api.with(key: "hg_wrong").call("GET", "/v1/schedules").status == 401)
            let made = try await api.call("POST", "/v1/keys", #"{"subject":"bob","tenant":"other","role":"author"}"#)
            let bob = api.with(key: try #require(made.body["key"]?.text))
            #expect(try await bob.call("GET", "/v1/schedules").status == 200)
            let id = try #require(made.body["id"]?.text)
            #expect(try await api.call("DELETE", "/v1/keys/\(id)", tenant: "other").status == 204)
            #expect(try await bob.call("GET", "/v1/schedules").status == 401)
        }
    }

    @Test func `another tenant's things are not found, and what the role does not allow gets 403`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            #expect(try await api.call("PUT", "/v1/schedules/a", APITests.schedule).status == 201)
            let made = try await api.call("POST", "/v1/keys", #"{"subject":"bob","tenant":"other","role":"author"}"#)
            let other = api.with(key: try #require(made.body["key"]?.text))
            for (method, path, tenant, status) in [
                ("GET", "/v1/schedules/a", nil, 404), ("DELETE", "/v1/schedules/a", nil, 404),
                ("GET", "/v1/schedules", "dev", 403), ("GET", "/v1/keys", nil, 403),
                ("POST", "/v1/queues/triggers/purge", nil, 403),
            ] as [(String, String, String?, Int)] {
                #expect(try await other.call(method, path, tenant: tenant).status == status, "\(method) \(path)")
            }
        }
    }

    @Test func `the mistakes of a document are reported together, with pointers`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            for (document, expected) in [
                (
                    #"{"action":{"http":{"url":"x"}},"when":[{"every":"1"}],"no":1}"#,
                    ["/action/http/url", "/no", "/when/0/every"]
                ),
                (#"{"action":{"http":{"url":"http://a/"}},"when":[{"evry":"1h"}]}"#, ["/when/0", "/when/0/evry"]),
                (#"{"name":"c",\#(APITests.schedule.dropFirst())"#, ["/name"]), ("{", [""]),
            ] {
                let answer = try await api.call("PUT", "/v1/schedules/b", document)
                let pointers = (answer.body["errors"]?.elements ?? []).compactMap { $0["pointer"]?.text }
                #expect(answer.status == 400 && pointers.sorted() == expected, "\(document): \(answer)")
            }
        }
    }

    @Test(arguments: [
        ("GET", "/v1/schedules?limit=0", 400), ("GET", "/v1/schedules?limt=1", 400), ("GET", "/v1/nothing", 404),
        ("POST", "/v1/schedules", 405),
    ]) func `a request for what there is not is refused`(method: String, path: String, status: Int) async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            #expect(try await api.call(method, path).status == status)
        }
    }

    @Test func `a document of more than a megabyte gets 413`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            #expect(try await api.call("PUT", "/v1/schedules/b", String(repeating: " ", count: 2 << 20)).status == 413)
        }
    }

    @Test func `a PUT creates, and repeated it changes nothing`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            #expect(try await api.call("PUT", "/v1/schedules/a", APITests.schedule).status == 201)
            let again = try await api.call("PUT", "/v1/schedules/a", APITests.schedule)
            #expect(again.status == 200 && again.body["revision"]?.int == 1)
        }
    }

    @Test(arguments: [PostgresProxy.Fault.closedBeforeCommit, .closedAfterCommit])
    func `a request is carried out whose claim of its Idempotency-Key breaks the connection`(
        fault: PostgresProxy.Fault
    ) async throws {
        try await Cluster.with { it in
            let proxy = try PostgresProxy(to: it.postgres.port)
            defer { proxy.stop() }
            let api = try await APIClient.start(it, postgresPort: proxy.port)
            #expect(try await api.call("PUT", "/v1/schedules/a", APITests.schedule).status == 201)
            proxy.arm("api-claim-request", fault)
            let fired = try await api.call("POST", "/v1/schedules/a/fire", repeating: "once")
            #expect(fired.status == 202 && !proxy.isArmed, "\(fired)")
            let again = try await api.call("POST", "/v1/schedules/a/fire", repeating: "once")
            #expect(again.status == 202 && again.body["id"] == fired.body["id"], "\(again)")
            #expect(try await it.triggers() == 1)
        }
    }

    @Test func `an import stores the good lines and lists the bad ones`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            func line(_ name: String, _ every: String) -> String {
                #"{"tenant":"t1","name":"\#(name)","action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"every":"\#(every)"}]}"#
            }
            let body = [line("a", "1h"), line("b", "1ms"), "", "{", line("a", "2h"), line("c", "1h")].joined(
                separator: "\n")
            let answer = try await api.call("POST", "/v1/schedules/import", body)
            #expect(answer.status == 200 && answer.body["created"]?.int == 2 && answer.body["updated"]?.int == 0)
            #expect(answer.body["refused"]?.elements?.compactMap { $0["line"]?.int } == [2, 4, 5])
            let list = try await api.call("GET", "/v1/schedules?limit=1", tenant: "t1")
            #expect(
                list.body["items"]?.elements?.compactMap { $0["name"]?.text } == ["a"] && list.body["next"]?.text == "a"
            )
            let rest = try await api.call("GET", "/v1/schedules?cursor=a", tenant: "t1")
            #expect(rest.body["items"]?.elements?.compactMap { $0["name"]?.text } == ["c"])
        }
    }

    @Test func `what is upcoming ends with maxTriggers, counted from what is planned`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document = Self.schedule.replacing(#""when""#, with: #""maxTriggers":5,"margin":"1h","when""#)
            func count(_ answer: (status: Int, body: JSON)) -> Int { answer.body["upcoming"]?.elements?.count ?? -1 }
            #expect(count(try await api.call("POST", "/v1/schedules/preview", document)) == 5)
            let hourLater = #"after=\#(try await it.registry.now() + .seconds(3_600))"#
            #expect(count(try await api.call("POST", "/v1/schedules/preview?\(hourLater)", document)) == 4)
            // As many as numbers go: with times before the first one, too.
            let most = document.replacing(#""maxTriggers":5"#, with: #""maxTriggers":9223372036854775807"#)
            #expect(count(try await api.call("POST", "/v1/schedules/preview?after=2000-01-01T00:00:00Z", most)) == 10)
            #expect(try await api.call("PUT", "/v1/schedules/a", document).status == 201)
            #expect(count(try await api.call("GET", "/v1/schedules/a/upcoming")) == 5)
            // Two are planned, of which one lies ahead.
            try await it.execute("update headgate.schedule set fired = 2, next_at = next_at + interval '1 hour'")
            #expect(count(try await api.call("GET", "/v1/schedules/a/upcoming")) == 4)
            #expect(count(try await api.call("GET", "/v1/schedules/a/upcoming?count=2")) == 2)
            #expect(count(try await api.call("GET", "/v1/schedules/a/upcoming?\(hourLater)")) == 3)
            #expect(try await api.call("POST", "/v1/schedules/a/pause").status == 200)
            #expect(count(try await api.call("GET", "/v1/schedules/a/upcoming")) == 4)
            // Paused for ten hours: resumed, one of those missed runs late, and four after it.
            try await it.execute(
                "update headgate.schedule set fired = 0, resume_at = now() - interval '10 hours 1 minute'")
            #expect(count(try await api.call("GET", "/v1/schedules/a/upcoming")) == 4)
            try await it.execute(
                "update headgate.schedule set fired = 5, state = ${schedule.finished}, resume_at = null")
            #expect(count(try await api.call("GET", "/v1/schedules/a/upcoming")) == 0)
        }
    }

    @Test func `a schedule that has just planned its last triggers lists those that lie ahead`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document = Self.schedule.replacing(#""when""#, with: #""maxTriggers":3,"when""#)
                .replacing("1h", with: "2s")
            let loader = try it.start("loader")
            _ = try await api.call("PUT", "/v1/schedules/a", document)
            try await eventually("all are planned") {
                try await it.triggers(.planned, .queued) == 3
            }
            #expect(try await api.call("GET", "/v1/schedules/a").body["state"]?.text == "finished")
            kill(loader.processIdentifier, SIGKILL)
            // As if they were a minute ahead, however slow the machine is.
            try await it.execute("update headgate.trigger set occurrence = occurrence + interval '50 seconds'")
            let ahead = try await api.call("GET", "/v1/schedules/a/upcoming")
            #expect(ahead.body["upcoming"]?.elements?.count == 3)
            let two = try await api.call("GET", "/v1/schedules/a/upcoming?count=2")
            #expect(two.body["upcoming"]?.elements == Array((ahead.body["upcoming"]?.elements ?? []).prefix(2)))
        }
    }

    @Test func `far ahead what maxTriggers leaves is counted, or the question is refused`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            func preview(_ when: String, after: String) async throws -> (status: Int, count: Int?) {
                let document =
                    #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}},"maxTriggers":100000000,"when":[\#(when)]}"#
                let answer = try await api.call("POST", "/v1/schedules/preview?after=\(after)", document)
                return (answer.status, answer.body["upcoming"]?.elements?.count)
            }
            // A hundred million seconds are 3.17 years.
            let now = try await it.registry.now()
            let second = #"{"every":"1s"}"#
            #expect(try await preview(second, after: "\(now + .seconds(99_999_000))") == (200, 10))
            #expect(try await preview(second, after: "\(now + .seconds(100_001_000))") == (200, 0))
            #expect(try await preview(second, after: "2090-01-01T00:00:00Z") == (200, 0))
            let union = second + #",{"at":"2089-01-01T00:00:00Z"}"#
            #expect(try await preview(union, after: "2088-01-01T00:00:00Z").status == 400)
            #expect(try await preview(union, after: "\(now + .seconds(1_000))") == (200, 10))
        }
    }

    @Test func `an at of the last minute runs, previewed or changed too, and what has run does not run again`()
        async throws
    {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.startAll()
            func document(_ path: String, at time: Timestamp) -> String {
                #"{"action":{"http":{"url":"http://127.0.0.1:\#(it.target.port)\#(path)"}},"when":[{"at":"\#(time)"}]}"#
            }
            let first = try await it.registry.now() - .seconds(20)
            let preview = try await api.call("POST", "/v1/schedules/preview", document("/ok/1", at: first))
            #expect(preview.body["upcoming"]?.elements?.count == 1)
            func delivered() async throws -> Int {
                try await it.triggers(.delivered)
            }
            #expect(try await api.call("PUT", "/v1/schedules/a", document("/ok/1", at: first)).status == 201)
            try await eventually("it runs") { try await delivered() == 1 }
            // Another action at the same time, which has been; then another time.
            _ = try await api.call("PUT", "/v1/schedules/a", document("/ok/2", at: first))
            _ = try await api.call("PUT", "/v1/schedules/b", document("/ok/3", at: try await it.registry.now()))
            try await eventually("another runs") { try await delivered() == 2 }
            _ = try await api.call(
                "PUT", "/v1/schedules/a", document("/ok/4", at: try await it.registry.now() - .seconds(10)))
            try await eventually("the later time runs") { try await delivered() == 3 }
            // The same time with another margin has been, too; and skipped is skipped.
            let last = try await it.registry.now() - .seconds(5)
            _ = try await api.call("PUT", "/v1/schedules/c", document("/ok/5", at: last))
            try await eventually("it runs") { try await delivered() == 4 }
            let again = document("/ok/5", at: last).replacing(#""when""#, with: #""margin":"5m","when""#)
            #expect(try await api.call("PUT", "/v1/schedules/c", again).body["state"]?.text == "finished")
            let skipped = document("/ok/6", at: last).replacing(#""when""#, with: #""missed":"skip","when""#)
            #expect(try await api.call("PUT", "/v1/schedules/d", skipped).status == 400)
            try await Task.sleep(for: .seconds(2))
            #expect(try await it.triggers() == 4)
        }
    }

    @Test func `pause removes what is queued, resume goes on, delete and create make another schedule`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            try it.start("loader")
            let at = try await it.registry.now() + .seconds(3)
            let body = #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}},"when":[{"at":"\#(at)"}]}"#
            let made = try await api.call("PUT", "/v1/schedules/a", body)
            try await eventually("it is queued") {
                try await it.triggers(.queued) == 1
            }
            #expect(try await api.call("POST", "/v1/schedules/nobody/pause").status == 404)
            #expect(try await api.call("DELETE", "/v1/schedules/a").status == 204)
            #expect(try await it.triggers(.cancelled) == 1)
            let queues = try await api.call("GET", "/v1/queues/triggers")
            #expect(queues.body["delayed"]?.int == 0 && queues.body["ready"]?.int == 0)
            let again = try await api.call("PUT", "/v1/schedules/a", APITests.schedule)
            #expect(again.status == 201 && again.body["id"] != made.body["id"])
            let paused = try await api.call("POST", "/v1/schedules/a/pause", #"{"reason":"why"}"#)
            #expect(
                paused.body["state"]?.text == "paused" && paused.body["pauseReason"]?.text == "why"
                    && paused.body["nextAt"] == .null)
            let kept = try await api.call("PUT", "/v1/schedules/a", APITests.schedule)
            #expect(kept.body["state"]?.text == "paused", "a PUT without paused keeps the pause")
            #expect(try await api.call("POST", "/v1/schedules/a/resume").body["state"]?.text == "active")
        }
    }

    @Test func `a single trigger of next week says until when it is useful`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let at = Timestamp(seconds: try await it.registry.now().seconds + 5 * 86_400)
            for (margin, useful) in [(#","margin":"1h""#, 3_600), ("", 7 * 86_400)] as [(String, Int64)] {
                let made = try await api.call(
                    "POST", "/v1/triggers",
                    #"{"action":{"http":{"url":"http://127.0.0.1:9/x"}},"at":"\#(at)"\#(margin)}"#)
                #expect(made.status == 202 && made.body["plannedAt"]?.text == "\(at)")
                #expect(made.body["deadline"]?.text == "\(at + .seconds(useful))")
            }
        }
    }

    @Test func `the audit log says who changed what, when and why`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let before = try await it.registry.now()
            for (method, path, body) in [
                ("PUT", "/v1/schedules/a", Self.schedule),
                ("POST", "/v1/schedules/a/pause", #"{"reason":"maintenance"}"#),
                ("POST", "/v1/schedules/a/resume", "{}"), ("POST", "/v1/schedules/a/fire", "{}"),
                ("PUT", "/v1/secrets/token", #"{"value":"0123456789"}"#), ("PUT", "/v1/tenants/dev", #"{"weight":2}"#),
                ("DELETE", "/v1/schedules/a", nil), ("POST", "/v1/queues/triggers/purge", "{}"),
            ] as [(String, String, String?)] {
                #expect((200..<300).contains(try await api.call(method, path, body).status), "\(method) \(path)")
            }
            // What changes nothing is not there.
            _ = try await api.call("DELETE", "/v1/schedules/a")
            _ = try await api.call("GET", "/v1/schedules")
            let answer = try await api.call("GET", "/v1/audit?limit=100")
            let rows = (answer.body["items"]?.elements ?? []).filter { $0["action"]?.text?.hasPrefix("key.") == false }
            let said = rows.reversed().map {
                "\($0["action"]?.text ?? "") \($0["object"]?.text?.prefix(6) ?? "") \($0["reason"]?.text ?? "-")"
            }
            let fired = try #require(said.first { $0.hasPrefix("trigger.create") })
            #expect(
                said == [
                    "schedule.put a -", "schedule.pause a maintenance", "schedule.resume a -", fired,
                    "secret.put token -",
                    "tenant.put dev -", "schedule.delete a -", "queue.purge trigge -",
                ])
            #expect(rows.allSatisfy { $0["subject"]?.text == "test" })
            let times = rows.compactMap { $0["at"]?.text.flatMap { Timestamp($0) } }
            #expect(times.count == rows.count && times.allSatisfy { $0 >= before - .milliseconds(1) })
        }
    }

    @Test func `every path of openapi answers, and readiness names what is down`() async throws {
        try await Cluster.with { it in
            let api = try await APIClient.start(it)
            let document = try await api.call("GET", "/openapi.json").body
            let paths = document["paths"]?.members ?? []
            #expect(paths.count > 20)
            for path in paths {
                for operation in path.value.members ?? [] {
                    let url = path.name.split(separator: "/").map { $0.hasPrefix("{") ? "x" : String($0) }.joined(
                        separator: "/")
                    let answer = try await api.call(
                        operation.name.uppercased(), "/" + url, operation.name == "get" ? nil : "{}")
                    let isRoute = answer.body["detail"]?.text?.hasPrefix("the path") != true
                    #expect(isRoute, "\(operation.name) \(path.name) answered \(answer.status)")
                    #expect(answer.status < 500, "\(operation.name) \(path.name) answered \(answer.status)")
                }
            }
            it.redis.withLock { $0 }.signal(SIGKILL)
            try await eventually("readiness says that Redis is down") {
                let answer = try await api.call("GET", "/readyz")
                return answer.status == 503 && answer.body["checks"]?["postgres"]?.text == "ok"
                    && answer.body["checks"]?["redis"]?.text != "ok"
            }
        }
    }
}
