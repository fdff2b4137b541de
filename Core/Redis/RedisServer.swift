/// What the monitor asks of a Redis server itself.
package struct RedisServer: Sendable {
    private let connection: RedisConnection

    package init(url: RedisURL) { connection = RedisConnection(url: url) }

    /// Why this server must not be used: it forgets under pressure. Nil: it may.
    package func objection() async throws(RedisError) -> String? {
        let reply = try await connection.call([RedisCommand("CONFIG", "GET", "maxmemory-policy")])[0]
        guard let policy = reply.array?.last?.text, policy != "noeviction" else { return nil }
        return "Redis's maxmemory-policy is \(policy), which loses messages under pressure: set it to noeviction"
    }
}
