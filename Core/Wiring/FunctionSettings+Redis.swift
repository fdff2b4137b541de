package import FunctionRuntime
internal import Queue
package import Redis

extension FunctionSettings.RequiredVariable {
    /// `HEADGATE_REDIS`: the URL of the Redis server, which holds the queues unless SQS does.
    package static let redis = FunctionSettings.RequiredVariable("HEADGATE_REDIS", "Redis's URL, redis://host:port") {
        text in
        do throws(RedisError) { _ = try RedisURL(text) } catch { throw InvalidURL(description: error.message) }
    }

    private struct InvalidURL: Error, CustomStringConvertible { var description: String }
}

extension FunctionSettings {
    /// The URL of the Redis server; the function must need `.redis`.
    package var redisURL: RedisURL {
        do throws(RedisError) {
            return try RedisURL(self[.redis])
        } catch {
            preconditionFailure("HEADGATE_REDIS was checked at the start: \(error)")
        }
    }

    /// The queue of hints that executions have something to do. It is always in Redis: SQS cannot join hints.
    package func stepQueue() -> RedisQueue {
        var configuration = queues["steps"] ?? .init()
        configuration.kind = .coalescing
        return RedisQueue(name: .steps, configuration: configuration, url: redisURL)
    }
}
