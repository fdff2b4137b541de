package import Model
package import Queue

/// `RateLimiter` in Redis: one script call per tenant in a batch, all in one round trip. A tenant's buckets share a
/// cluster slot.
package struct RedisRateLimiter: RateLimiter {
    private let connection: RedisConnection
    private let prefix: String
    private let clock: (@Sendable () -> Timestamp)?
    /// Allowed on a full server: otherwise no rate-limited call could be made until there is room. What it writes is
    /// small and expires.
    private static let script = RedisScript(
        name: "reserve", text: PackageResources.reserve_lua, isAllowedWhenFull: true)

    /// A limiter on a connection of its own.
    ///
    /// - Parameters:
    ///   - prefix: first part of every key, so that tests can share a server.
    ///   - clock: replaces Redis's clock in tests and virtual time.
    package init(url: RedisURL, prefix: String = "hg", clock: (@Sendable () -> Timestamp)? = nil) {
        connection = RedisConnection(url: url)
        self.prefix = prefix
        self.clock = clock
    }

    /// How long each request has to wait, in the order of the requests; zero: it may go now.
    package func reserve(_ requests: [RateRequest]) async throws(QueueError) -> [Duration] {
        if requests.isEmpty { return [] }
        let parts = Dictionary(grouping: requests.indices) { requests[$0].tenant }.sorted { $0.key < $1.key }
        let calls = parts.map { tenant, places in call(tenant, places.map { requests[$0] }) }
        let replies: [RedisReply]
        do { replies = try await connection.call(calls) } catch { throw QueueError(error, queue: .directory) }
        var waits = Array(repeating: Duration.zero, count: requests.count)
        for ((_, places), reply) in zip(parts, replies) {
            if case .error(let text) = reply { throw QueueError(RedisError(.refused, text), queue: .directory) }
            guard let times = reply.array?.compactMap(\.int), times.count == places.count else {
                throw QueueError(.refused, queue: .directory, "Redis gave an answer of another shape to reserve")
            }
            for (place, time) in zip(places, times) { waits[place] = .milliseconds(time) }
        }
        return waits
    }

    private func call(_ tenant: TenantID, _ requests: [RateRequest]) -> ScriptCall {
        var arguments = RedisCommand(capacity: requests.count * 100)
        arguments.append(clock.map { $0().milliseconds } ?? 0)
        arguments.append(QueueRules.rateHorizon.milliseconds)
        for request in requests {
            arguments.append(request.id.description)
            arguments.append(max(0, request.longest.milliseconds))
            arguments.append(request.buckets.count)
            for bucket in request.buckets {
                arguments.append(bucket.name)
                arguments.append(String(1_000 / bucket.rate))
            }
        }
        let keys = ["next", "times"].map { "\(prefix):{rate:\(tenant)}:\($0)" }
        return ScriptCall(RedisRateLimiter.script, keys: keys, arguments: arguments)
    }
}
