import FunctionRuntime
import LambdaHost
import Model
import Redis
import SQS
import SQSFunction

/// The SQS API on a Redis, in this process: the endpoint that clients reach by HTTP, without HTTP.
struct LocalQueues: QueueService {
    private let endpoint: SQSEndpoint

    init(redis: String, realm: SQSRealm, report: @escaping @Sendable (String) -> Void) throws {
        var configuration = SQSEndpoint.Configuration()
        configuration.realm = realm
        endpoint = SQSEndpoint(
            store: RedisSQSStore(url: try RedisURL(redis), report: report), configuration: configuration,
            clock: { WallClock.now() }, report: report)
    }

    func run() async { await endpoint.run() }

    func call(_ action: String, _ input: JSON, region: String) async throws -> JSON {
        guard let action = SQSAction(rawValue: action) else { preconditionFailure("SQS has no action \(action)") }
        do {
            return try await endpoint.call(action, input, region: region)
        } catch let error as SQSError {
            throw QueueServiceError(type: error.shape, message: error.message)
        }
    }
}
