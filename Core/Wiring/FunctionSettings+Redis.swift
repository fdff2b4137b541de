package import FunctionRuntime
import Queue
package import Redis

extension FunctionSettings.RequiredVariable {
    /// `HEADGATE_REDIS`: the URL of the Redis server that holds the queues.
    package static let redis = FunctionSettings.RequiredVariable("HEADGATE_REDIS", "the queues' URL, redis://host:port")
    { text in
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

    /// The queue of triggers, whose settlements send their outcomes to the queue of outcomes.
    package func triggerQueue() -> RedisQueue {
        RedisQueue(name: .triggers, configuration: queues["triggers"] ?? .init(), url: redisURL, outcomes: .outcomes)
    }

    /// The queue of hints that executions have something to do.
    package func stepQueue() -> RedisQueue {
        var configuration = queues["steps"] ?? .init()
        configuration.kind = .coalescing
        return RedisQueue(name: .steps, configuration: configuration, url: redisURL)
    }

    /// The queue of outcomes; it always has as many shards as the queue of triggers.
    package func outcomeQueue() -> RedisQueue {
        var configuration = queues["outcomes"] ?? .init()
        configuration.shards = (queues["triggers"] ?? .init()).shards
        return RedisQueue(name: .outcomes, configuration: configuration, url: redisURL, source: .triggers)
    }
}
