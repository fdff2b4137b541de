package import Model

/// What the runner needs of the product and does not bring itself: migrations, keys, queue depths, HTTP.
package struct Cloud: Sendable {
    /// Prepares a database: migrates it for that number of schedule shards, and makes the roles of the API and of the
    /// engine with that password. Safe to repeat; waits while the server does not answer yet.
    package var migrate:
        @Sendable (_ superuserURL: String, _ shards: Int, _ password: String) async throws -> DatabaseURLs
    /// Makes a platform admin's key, whose own tenant is `dev`.
    package var bootstrapKey: @Sendable (_ superuserURL: String) async throws -> String
    /// Connects to the queues and gives the call that the runner makes some times a second: the depth by queue name.
    package var backlog:
        @Sendable (_ redisURL: String, _ queues: [QueueSpecification]) async throws ->
            @Sendable () async throws ->
            [String: QueueDepth]
    package var http: any HTTPCalls
    package var now: @Sendable () -> Timestamp

    package init(
        migrate:
            @escaping @Sendable (_ superuserURL: String, _ shards: Int, _ password: String) async throws ->
            DatabaseURLs,
        bootstrapKey: @escaping @Sendable (_ superuserURL: String) async throws -> String,
        backlog:
            @escaping @Sendable (_ redisURL: String, _ queues: [QueueSpecification]) async throws ->
            @Sendable () async throws -> [String: QueueDepth],
        http: any HTTPCalls, now: @escaping @Sendable () -> Timestamp
    ) {
        self.migrate = migrate
        self.bootstrapKey = bootstrapKey
        self.backlog = backlog
        self.http = http
        self.now = now
    }
}

/// How the functions reach the database.
package struct DatabaseURLs: Equatable, Sendable {
    /// For the API, which row-level security binds to a tenant at a time.
    package var api: String
    /// For the engine: loader, historian, monitor.
    package var engine: String

    package init(api: String, engine: String) {
        self.api = api
        self.engine = engine
    }
}

/// Makes single HTTP calls.
package protocol HTTPCalls: Sendable {
    /// The status and the body of the answer; throws where there is none.
    func call(
        method: String, url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) async throws -> (status: Int, body: [UInt8])
}
