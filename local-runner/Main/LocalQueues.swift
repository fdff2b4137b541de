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
        let answer = try await endpoint.respond(
            to: WireRequest(
                method: "POST", path: "/", query: "",
                headers: [("host", "sqs.\(region).local.invalid"), ("x-amz-target", "AmazonSQS.\(action)")],
                body: input.serialized))
        if answer.status == 200 { return answer.body.isEmpty ? .object([]) : try JSON(parsing: answer.body) }
        let error = try JSON(parsing: answer.body)
        let type = error["__type"]?.text?.split(separator: "#").last.map(String.init) ?? "\(answer.status)"
        throw QueueServiceError(type: type, message: error["message"]?.text ?? "")
    }
}
