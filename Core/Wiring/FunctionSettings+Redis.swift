package import FunctionRuntime
import Queue
package import Redis

extension FunctionSettings.Need {
    /// Where the queues are.
    package static let redis = FunctionSettings.Need("HEADGATE_REDIS", "the queues' URL, redis://host:port") { text in
        do throws(RedisError) { _ = try RedisURL(text) } catch { throw InvalidURL(description: error.message) }
    }

    private struct InvalidURL: Error, CustomStringConvertible { var description: String }
}

extension FunctionSettings {
    /// Redis's URL; the function must need `.redis`.
    package var redisURL: RedisURL {
        do throws(RedisError) {
            return try RedisURL(self[.redis])
        } catch {
            preconditionFailure("HEADGATE_REDIS was checked at the start: \(error)")
        }
    }

    /// The queue of triggers. A settlement there sends its outcome to the queue of outcomes.
    package func triggerQueue() -> RedisQueue {
        RedisQueue(name: .triggers, configuration: queues["triggers"] ?? .init(), url: redisURL, outcomes: .outcomes)
    }

    /// The queue of outcomes; it has as many shards as the queue of triggers.
    package func outcomeQueue() -> RedisQueue {
        var configuration = queues["outcomes"] ?? .init()
        configuration.shards = (queues["triggers"] ?? .init()).shards
        return RedisQueue(name: .outcomes, configuration: configuration, url: redisURL, source: .triggers)
    }
}
