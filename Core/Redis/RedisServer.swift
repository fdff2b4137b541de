/// Questions about a Redis server itself, asked by the monitor.
package struct RedisServer: Sendable {
    private let connection: RedisConnection

    /// Uses a connection of its own.
    package init(url: RedisURL) { connection = RedisConnection(url: url) }

    /// Why this server must not be used: it would evict messages under memory pressure. Nil if it may be used.
    package func evictionProblem() async throws(RedisError) -> String? {
        let reply = try await connection.call([RedisCommand("CONFIG", "GET", "maxmemory-policy")])[0]
        guard let policy = reply.array?.last?.text, policy != "noeviction" else { return nil }
        return "Redis's maxmemory-policy is \(policy), which loses messages under pressure: set it to noeviction"
    }
}
