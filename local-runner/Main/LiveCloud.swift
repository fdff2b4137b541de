import Crypto
import Curl
import FunctionRuntime
import HTTP
import LocalRunner
import Model
import Postgres
import Processes
import Queue
import Redis
import SQS
import Store
import TopologyFile

extension Cloud {
    /// The real product: its migrations, keys and queues, and libcurl.
    static func live() -> Cloud {
        Cloud(
            migrate: { url, shards, password in
                _ = try await patiently { try await Migrator(url: url, password: password, shards: shards).run() }
                return DatabaseURLs(
                    api: try role("headgate_api", password, in: url),
                    engine: try role("headgate_engine", password, in: url))
            },
            bootstrapKey: { url in try await makeKey(PostgresRegistry(url: url, connections: 1)) },
            backlog: { url, queues in
                let url = try RedisURL(url)
                let live = queues.map { queue in
                    RedisQueue(name: QueueName(queue.name), configuration: .init(shards: queue.shards), url: url)
                }
                return {
                    var depths: [String: QueueDepth] = [:]
                    for queue in live {
                        let statistics = try await queue.statistics()
                        depths[queue.name.description] = QueueDepth(
                            ready: statistics.ready, inFlight: statistics.inFlight)
                    }
                    return depths
                }
            },
            queues: { redis, account, region, report in
                try LocalQueues(redis: redis, realm: SQSRealm(account: account, region: region), report: report)
            }, http: LiveHTTP(), now: { WallClock.now() })
    }

    /// Retries for five seconds: a server that has just started may refuse connections.
    private static func patiently<Value>(_ body: () async throws -> Value) async throws -> Value {
        for _ in 0..<50 {
            do {
                return try await body()
            } catch let error as PostgresError where error.code == .disconnected {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        return try await body()
    }

    /// The same URL with another user and password.
    private static func role(_ role: String, _ password: String, in url: String) throws -> String {
        guard let scheme = url.firstRange(of: "://") else {
            throw RunnerError(.setup, "--postgres: expected postgresql://user:password@host:port/database")
        }
        let rest = url[scheme.upperBound...]
        let path = rest.firstIndex(of: "/") ?? rest.endIndex
        let host = rest[..<path].lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
        return "\(url[..<scheme.upperBound])\(role):\(password)@\(host)"
    }

    /// Creates a platform admin's key whose own tenant is `dev`.
    private static func makeKey(_ registry: PostgresRegistry) async throws -> String {
        var random = SystemRandomNumberGenerator()
        let text = APIKey.make(using: &random)
        let now = try await registry.now()
        let row = KeyRow(
            id: .v7(at: now, using: &random), tenant: "dev", subject: "local-runner", role: "admin", groups: [],
            isPlatform: true)
        try await registry.insert(
            row, hash: Array(SHA256.hash(data: Array(text.utf8))),
            by: AuditActor(tenant: "dev", subject: "local-runner"),
            now: now)
        return text
    }
}

/// Single calls through libcurl.
private struct LiveHTTP: HTTPCalls {
    private let client = HTTPClient()

    func call(
        method: String, url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) async throws -> (status: Int, body: [UInt8]) {
        let request = HTTPRequest(
            method: method, url: url, headers: headers, body: body.isEmpty ? nil : body, timeout: .seconds(60),
            keptBytes: 64 << 20)
        let response = try await client.execute(request)
        return (response.status, response.body)
    }
}
