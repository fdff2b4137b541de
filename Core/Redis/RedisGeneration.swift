package import Model

/// The key that tells one life of Redis's data from the next. Only the monitor writes it.
package struct RedisGeneration: Sendable {
    private let connection: RedisConnection
    private let key: String

    package init(url: RedisURL, prefix: String = "hg") {
        connection = RedisConnection(url: url)
        key = "\(prefix):generation"
    }

    /// Nil: the data is new, or was lost.
    package func read() async throws(RedisError) -> String? {
        try await connection.call([RedisCommand("GET", key)])[0].checked().text
    }

    package func write(_ generation: String) async throws(RedisError) {
        _ = try await connection.call([RedisCommand("SET", key, generation)])[0].checked()
    }

    /// A name for a new life.
    package func new(at time: Timestamp) -> String {
        var random = SystemRandomNumberGenerator()
        return Identifier.v7(at: time, using: &random).description
    }

    /// Why this server must not be used: it forgets under pressure. Nil: it may.
    package func objection() async throws(RedisError) -> String? {
        let reply = try await connection.call([RedisCommand("CONFIG", "GET", "maxmemory-policy")])[0]
        guard let policy = reply.array?.last?.text, policy != "noeviction" else { return nil }
        return "Redis's maxmemory-policy is \(policy), which loses messages under pressure: set it to noeviction"
    }
}
