import Curl
import Foundation
import HTTP
import Model
import Postgres
import Queue
import Redis
import SQSClient
import Scheduling
import Store
import Synchronization
import TestServers
import TestTarget
import Testing

/// A Headgate of its own for one test: real servers, real function processes, a real target.
final class Cluster: Sendable {
    let postgres: TestServer
    let redis: Mutex<TestServer>
    let target: TargetServer
    let registry: PostgresRegistry
    let admin: PostgresConnection
    private let processes = Mutex<[Process]>([])
    /// Where functions find Redis, if not at the server itself.
    let redisPort = Mutex<Int?>(nil)
    /// Where functions find the API, once it was started.
    let apiPort = Mutex<Int?>(nil)
    /// Where functions find SQS, which then has the queues of triggers and outcomes.
    let sqsPort = Mutex<Int?>(nil)
    /// Where the history of executions is; nil: with everything else.
    let historyServer = Mutex<TestServer?>(nil)
    static let shards = 4
    static let secretKeys = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private init(postgres: TestServer, redis: TestServer, target: TargetServer) {
        self.postgres = postgres
        self.redis = Mutex(redis)
        self.target = target
        registry = PostgresRegistry(url: postgres.postgresURL(user: "headgate_api"), connections: 3)
        admin = PostgresConnection(.init(url: postgres.postgresURL(), applicationName: "test"))
    }

    /// Starts the servers, runs `body`, and ends every process.
    static func with(redis options: [String] = [], _ body: (Cluster) async throws -> Void) async throws {
        let postgres = try await TestServer.postgres()
        let redis = try await TestServer.redis(options)
        try await Migrator(url: postgres.postgresURL(), password: TestServer.password, shards: shards).run()
        let target = try await TargetServer.start(
            port: 0, logFile: nil, now: { Timestamp(seconds: Int64(Date.now.timeIntervalSince1970)) })
        let cluster = Cluster(postgres: postgres, redis: redis, target: target)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(cluster))
        } catch let error as TestServerError {
            result = .failure(TestServerError(description: "\(error.description); \(await cluster.contents())"))
        } catch {
            result = .failure(error)
        }
        await cluster.end()
        try await target.stop()
        await postgres.end()
        await cluster.redis.withLock { $0 }.end()
        try result.get()
    }

    private func end() async {
        for process in processes.withLock({ $0 }) where process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            await process.ended()
        }
    }

    /// An hourly timing that is due 40 minutes after this process began, so that it does not become due in a test.
    static let hourly: String = {
        let due = Timestamp(seconds: Int64(Date.now.timeIntervalSince1970) + 40 * 60)
        return #"{"every":"1h","anchor":"\#(due)"}"#
    }()

    /// Starts a function of this build.
    @discardableResult
    func start(
        _ name: String, _ arguments: [String] = [], failpoint: String? = nil, clockShift: String = "",
        metrics: String = "", errors: Pipe? = nil, role: String = "headgate_engine", postgresPort: Int? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = Cluster.programs.appending(path: name)
        process.arguments = arguments
        process.environment = [
            "HEADGATE_POSTGRES": postgres.postgresURL(user: role).replacing(
                ":\(postgres.port)/", with: ":\(postgresPort ?? postgres.port)/"),
            "HEADGATE_REDIS": redisPort.withLock { $0 }.map { "redis://127.0.0.1:\($0)" }
                ?? redis.withLock { $0 }.redisURL,
            "HEADGATE_QUEUES":
                #"{"triggers":{"shards":2,"visibility":"3s","maxReceives":10},"outcomes":{"shards":2,"visibility":"3s","maxReceives":1000},"steps":{"shards":2,"visibility":"3s","maxReceives":1000}}"#,
            "HEADGATE_ALLOW_TARGETS": "127.0.0.0/8", "HEADGATE_LOG": "error",
            "HEADGATE_FAILPOINTS": failpoint.map { $0.contains("=") ? $0 : "\($0)=kill" } ?? "",
            "HEADGATE_CLOCK_SHIFT": clockShift, "HEADGATE_METRICS_FILE": metrics,
            "HEADGATE_SECRET_KEYS": Cluster.secretKeys, "HEADGATE_SERVICE_KEY": "between functions",
        ]
        if let port = apiPort.withLock({ $0 }) {
            process.environment?["HEADGATE_API"] = "http://127.0.0.1:\(port)"
            process.environment?["HEADGATE_CALLBACK_URL"] = "http://127.0.0.1:\(port)"
        }
        if let port = sqsPort.withLock({ $0 }), name != "sqs" {
            process.environment?["HEADGATE_SQS"] = "http://127.0.0.1:\(port)"
            for (name, value) in [("REGION", "us-east-1"), ("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test")] {
                process.environment?["AWS_\(name)"] = value
            }
        }
        if let history = historyServer.withLock({ $0 }) {
            process.environment?["HEADGATE_HISTORY"] = history.postgresURL(user: role)
        }
        if let errors { process.standardError = errors }
        try process.runFunction()
        processes.withLock { $0.append(process) }
        return process
    }

    /// One of each, as in the topology.
    func startAll(except: Set<String> = []) throws {
        let all: [(String, [String])] = [
            ("loader", []), ("trigger-worker", []), ("historian", []), ("monitor", ["--every", "1s"]),
        ]
        for (name, arguments) in all where !except.contains(name) { try start(name, arguments) }
    }

    /// Starts the SQS endpoint, where there is none yet with the queues that functions then use; returns its process.
    @discardableResult
    func startSQS() async throws -> Process {
        let (port, isNew) = sqsPort.withLock { known in
            let port = known ?? freePort()
            defer { known = port }
            return (port, known == nil)
        }
        let process = try start("sqs", ["--port", "\(port)"])
        let http = HTTPClient()
        try await eventually("SQS listens") {
            (try? await http.execute(HTTPRequest(url: "http://127.0.0.1:\(port)/healthz")))?.status == 200
        }
        if isNew {
            let caller = SQSCaller(.init(endpoint: "http://127.0.0.1:\(port)"), http: http)
            for (name, receives) in [(QueueName.triggers, 10), (.outcomes, 1_000)] {
                try await SQSQueue.create(
                    name, configuration: QueueConfiguration(visibility: .seconds(3), maximumReceives: receives),
                    caller: caller)
            }
        }
        return process
    }

    /// Runs a function that dies at a failpoint, and another in its place.
    func startDying(_ name: String, at failpoint: String) async throws {
        let dying = try start(name, failpoint: failpoint)
        try await eventually("\(name) dies at \(failpoint)") { !dying.isRunning }
        try start(name)
    }

    /// The folder of the built programs.
    static let programs: URL = {
        var folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        if let named = ProcessInfo.processInfo.environment["HEADGATE_TEST_BINARIES"] { return URL(filePath: named) }
        while folder.path() != "/",
            !FileManager.default.fileExists(atPath: folder.appending(path: "trigger-worker").path())
        {
            folder.deleteLastPathComponent()
        }
        return folder.path() == "/"
            ? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.build/debug") : folder
    }()

    /// The project.
    static let sources = URL(filePath: #filePath).appending(path: "../../..").standardized

    static let zones = ZoneCatalog(load: {
        FileManager.default.contents(atPath: "/usr/share/zoneinfo/\($0)").map { Array($0) }
    })

    /// Registers one-time or periodic schedules of a tenant, as the API does.
    func register(_ documents: [(name: String, document: JSON)], tenant: TenantID = "acme") async throws {
        let now = try await registry.now()
        var random = SystemRandomNumberGenerator()
        for start in stride(from: 0, to: documents.count, by: 500) {
            let writes = try documents[start..<min(start + 500, documents.count)].map { name, document in
                let identity = ScheduleIdentity(tenant: tenant, name: try #require(ScheduleName(name)))
                let spec = try ScheduleSpec(json: document, identity: identity, zones: Cluster.zones, now: now)
                let id = ScheduleID.v7(at: now, using: &random)
                let timing = spec.timing
                return ScheduleWrite(
                    tenant: tenant, name: identity.name, id: id, shard: MessageID(id).shard(of: Cluster.shards),
                    timing: timing.encode(),
                    action: spec.record.encoded, paused: nil,
                    next: { timing.next(atOrAfter: $0, zones: Cluster.zones) },
                    justPassed: { now, _ in timing.justPassed(registeredAt: now, zones: Cluster.zones) })
            }
            _ = try await registry.put(
                writes, by: AuditActor(tenant: tenant, subject: "test"), acrossTenants: false, now: now)
        }
    }

    /// A schedule that calls the target once, so long from now.
    func once(_ path: String, after delay: Duration, at now: Timestamp, retry: JSON = ["initial": "50ms"]) -> JSON {
        [
            "action": ["http": ["url": .string("http://127.0.0.1:\(target.port)\(path)")]],
            "when": [["at": .time(now + delay)]], "retry": retry,
        ]
    }

    /// SQL: the lines that the record of a trigger's attempts has.
    static let recordedAttempts =
        "length(convert_from(attempt_log, 'UTF8')) - length(replace(convert_from(attempt_log, 'UTF8'), E'\\n', ''))"

    /// There are so many triggers, all are delivered, and each attempt is recorded once, however often its outcome came.
    func checkRecorded(_ count: Int) async throws {
        #expect(try await triggers() == count)
        #expect(try await triggers(.delivered) == count)
        #expect(try await triggers(where: "\(Cluster.recordedAttempts) <> attempts") == 0)
    }

    /// There are so many triggers, all are delivered by their first attempt, and each is recorded once.
    ///
    /// - Parameter mayRepeat: a call may have been made twice; the test says why.
    func checkDelivered(_ count: Int, mayRepeat: Bool) async throws {
        #expect(try await triggers() == count)
        #expect(try await records(except: .delivered, attempts: 1) == [])
        #expect(try await triggers(where: "\(Cluster.recordedAttempts) <> 1") == 0)
        let (distinct, total) = try await callsSeen()
        #expect(distinct == count && (mayRepeat || total == count), "\(total) calls of \(distinct) triggers")
    }

    /// The folder of its data.
    func redisFolder() async throws -> URL {
        let connection = RedisConnection(url: try RedisURL(redis.withLock { $0 }.redisURL))
        let reply = try await connection.call([RedisCommand("CONFIG", "GET", "dir")])
        guard let path = reply[0].array?.last?.text else {
            throw TestServerError(description: "Redis does not say its folder")
        }
        return URL(filePath: path)
    }

    /// Bytes of its append-only file.
    func appendOnlyBytes() async throws -> Int {
        let folder = try await redisFolder().appending(path: "appendonlydir")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter {
            $0.hasSuffix(".incr.aof")
        }
        let file = folder.appending(path: try #require(files.count == 1 ? files.first : nil))
        return try #require(FileManager.default.attributesOfItem(atPath: file.path())[.size] as? Int)
    }

    /// Kills the server, which was started with `--restart`.
    ///
    /// - Parameter bytes: how much of its append-only file it finds when it starts again; nil: all.
    func killRedis(keeping bytes: Int? = nil) async throws {
        let connection = RedisConnection(url: try RedisURL(redis.withLock { $0 }.redisURL))
        if let bytes {
            let file = try await redisFolder().appending(path: "keep")
            try "\(bytes)".write(to: file, atomically: true, encoding: .utf8)
        }
        let info = try await connection.call([RedisCommand("INFO", "server")])
        let line = (info[0].text ?? "").split(separator: "\r\n").first { $0.hasPrefix("process_id:") }
        guard let id = line.flatMap({ Int32($0.dropFirst("process_id:".utf8.count)) }) else {
            throw TestServerError(description: "Redis does not say its process")
        }
        kill(id, SIGKILL)
    }

    /// Kills a backend: the server ends all others at once, recovers from its log and takes connections again. Returns when it
    /// does.
    func crashPostgres() async throws {
        let writer = try await number("select pid from pg_stat_activity where backend_type = 'background writer'")
        kill(Int32(try await number("select pg_backend_pid()")), SIGKILL)
        try await eventually("Postgres has ended its processes") { kill(Int32(writer), 0) != 0 }
        try await eventually("Postgres has recovered") { (try? await number("select 1")) == 1 }
    }

    /// Runs a script, in which states and kinds stand by name (`SQLConstants`).
    func execute(_ sql: String) async throws { try await admin.run(script: Statement(sql).text) }

    func number(_ sql: String) async throws -> Int { try await number(Statement(sql), []) }

    func number(_ statement: Statement, _ parameters: [PostgresValue]) async throws -> Int {
        try await admin.values(StatementCall(statement, parameters), .int)[0]
    }

    /// Waits until so many triggers have a final state.
    func settled(_ count: Int, within timeout: Duration = .seconds(60)) async throws {
        try await eventually("\(count) triggers settled", within: timeout) {
            try await settledTriggers() >= count
        }
    }

    /// What the database and the queue hold, which functions run, and the clock: part of the message when a wait fails.
    private func contents() async -> String {
        let rows =
            """
            select concat('at ', clock_timestamp(), ' triggers: ', (
                select string_agg(concat('state ', state, ' ', reason, ': ', n), ', ') from
                    (select state, reason, count(*) as n from headgate.trigger group by 1, 2 order by 1, 2) s),
                '; not settled: ', string_agg(concat_ws(' ', id, 'state', state, 'shard', shard, 'attempts', attempts,
                    'redrive', redrive, 'planned', planned_at, 'pass', pass), ', ') filter (where place <= 3))
            from (select *, row_number() over (order by planned_at) as place from headgate.trigger where state < ${state.final}) t
            """
        let lines = try? await admin.values(StatementCall(Statement(rows)), .text)
        let running = processes.withLock { all in
            all.filter(\.isRunning).map { $0.executableURL?.lastPathComponent ?? "" }.joined(separator: " ")
        }
        let claims = (try? await number("select count(*) from headgate.schedule where next_at is not null")) ?? -1
        let connection = try? RedisConnection(url: RedisURL(redis.withLock { $0 }.redisURL))
        let keys = try? await connection?.call([RedisCommand("KEYS", "*")])
        let held = keys?.first?.array?.compactMap(\.text).sorted().joined(separator: " ") ?? "unreachable"
        return
            "\(lines?.first ?? "the database does not answer"); \(claims) schedules with a next occurrence; running: \(running); queue: \(held)"
    }

    /// How many different keys the target has seen.
    func keysSeen() async throws -> Int { try await callsSeen().distinct }

    /// How many different keys the target has seen, and in how many calls.
    func callsSeen() async throws -> (distinct: Int, total: Int) {
        let response = try await HTTPClient().execute(HTTPRequest(url: "http://127.0.0.1:\(target.port)/_stats"))
        let statistics = try JSON(parsing: response.body)
        return (statistics["distinctKeys"]?.int ?? -1, statistics["total"]?.int ?? -1)
    }

    /// The paths of the target's latest calls, sorted.
    func pathsSeen() async throws -> [String] {
        let request = HTTPRequest(url: "http://127.0.0.1:\(target.port)/_recent?after=0")
        let calls = try JSON(parsing: try await HTTPClient().execute(request).body).elements
        return (calls ?? []).compactMap { $0["path"]?.text }.sorted()
    }

    func trigger(_ schedule: ScheduleName) async throws -> TriggerRow {
        let now = try await registry.now()
        let rows = try await registry.triggers(
            TriggerFilter(
                tenant: "acme", schedule: schedule, state: nil, from: now - .seconds(3_600), to: now + .seconds(3_600),
                after: nil, limit: 10))
        guard rows.count == 1 else { throw TestServerError(description: "\(rows.count) triggers of \(schedule)") }
        return rows[0]
    }
}
