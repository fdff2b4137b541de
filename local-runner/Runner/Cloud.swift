package import LambdaHost
package import Model
package import TopologyFile

/// What the runner needs of the product but does not contain itself: migrations, keys, queue depths, HTTP.
package struct Cloud: Sendable {
    /// Prepares a database: migrates it for a number of schedule shards, and creates the API's and the engine's roles
    /// with a password. Safe to repeat; waits while the server does not answer yet.
    package var migrate:
        @Sendable (_ superuserURL: String, _ shards: Int, _ password: String) async throws -> DatabaseURLs
    /// Creates a platform admin's key whose own tenant is `dev`.
    package var bootstrapKey: @Sendable (_ superuserURL: String) async throws -> String
    /// Connects to the queues, and returns the function that reads their depth by name; the runner calls it several
    /// times a second.
    package var backlog:
        @Sendable (_ redisURL: String, _ queues: [QueueSpecification]) async throws ->
            @Sendable () async throws ->
            [String: QueueDepth]
    /// The SQS API on a Redis, for an account and region, in this process. It reports what goes wrong.
    package var queues:
        @Sendable (
            _ redisURL: String, _ account: String, _ region: String, _ report: @escaping @Sendable (String) -> Void
        ) async throws -> any QueueService
    /// Calls the API.
    package var http: any HTTPCalls
    /// The wall clock.
    package var now: @Sendable () -> Timestamp

    /// A product with these parts.
    package init(
        migrate:
            @escaping @Sendable (_ superuserURL: String, _ shards: Int, _ password: String) async throws ->
            DatabaseURLs,
        bootstrapKey: @escaping @Sendable (_ superuserURL: String) async throws -> String,
        backlog:
            @escaping @Sendable (_ redisURL: String, _ queues: [QueueSpecification]) async throws ->
            @Sendable () async throws -> [String: QueueDepth],
        queues:
            @escaping @Sendable (
                _ redisURL: String, _ account: String, _ region: String, _ report: @escaping @Sendable (String) -> Void
            ) async throws -> any QueueService,
        http: any HTTPCalls, now: @escaping @Sendable () -> Timestamp
    ) {
        self.migrate = migrate
        self.bootstrapKey = bootstrapKey
        self.backlog = backlog
        self.queues = queues
        self.http = http
        self.now = now
    }
}

/// The URLs by which functions connect to the database.
package struct DatabaseURLs: Equatable, Sendable {
    /// For the API, whose role row-level security confines to one tenant at a time.
    package var api: String
    /// For the loader, historian and monitor.
    package var engine: String

    /// A URL for each role.
    package init(api: String, engine: String) {
        self.api = api
        self.engine = engine
    }
}

/// Makes single HTTP calls.
package protocol HTTPCalls: Sendable {
    /// The status and body of the answer; throws if there is none.
    func call(
        method: String, url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) async throws -> (status: Int, body: [UInt8])
}
