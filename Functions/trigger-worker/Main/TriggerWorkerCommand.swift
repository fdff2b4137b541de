import ArgumentParser
import Curl
import FunctionRuntime
import HTTP
import Model
import QueueWiring
import Redis
import Secrets
import TriggerWorkerFunction
import Wiring

@main struct TriggerWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger-worker", abstract: "Perform the actions of triggers.", discussion: FunctionHelp.settings)

    @Option(help: "Triggers leased at once.") var batch = 100
    @Option(help: "Calls in flight at once.") var concurrency = 1_024
    @Option(help: "Calls in flight to one host (default: all).") var perHost: Int?
    @Option(help: "Calls in flight of one tenant (default: all).") var perTenant: Int?
    @Option(help: "End after so long without work.", transform: FunctionHelp.duration) var idle: Duration?
    @Option(help: "End after this time.", transform: FunctionHelp.duration) var maxAge: Duration?

    func validate() throws {
        guard (1...1_000).contains(batch) else { throw ValidationError("--batch: expected 1 to 1000, found \(batch)") }
        guard (1...10_000).contains(concurrency) else {
            throw ValidationError("--concurrency: expected 1 to 10000, found \(concurrency)")
        }
        for (name, limit) in [("--per-host", perHost), ("--per-tenant", perTenant)] {
            if let limit, limit < 1 { throw ValidationError("\(name): expected 1 or more, found \(limit)") }
        }
    }

    func run() async throws {
        let runtime = FunctionRuntime.start(
            "trigger-worker", needs: .queues(and: [.redis] + TriggerWorkerCommand.asked), idle: idle, maxAge: maxAge)
        let queues = FunctionQueues(runtime)
        guard let source = queues.source(of: queues.triggers, runtime) else {
            throw ExitCode(FunctionRuntime.ExitCode.usage)
        }
        var configuration = TriggerWorker.Configuration()
        configuration.batch = batch
        let concurrency = runtime.concurrency(concurrency)
        configuration.concurrency = concurrency
        configuration.perHost = perHost
        configuration.perTenant = perTenant
        configuration.visibility = queues.visibility.triggers
        configuration.callTime = source.callTime
        if source.isLambda { configuration.extension = .milliseconds(500) }
        var http = HTTPClient.Configuration()
        http.maximumConcurrency = concurrency
        // A call that has a slot must not wait for a connection behind slow ones.
        http.connectionsPerHost = perHost ?? concurrency
        http.policy = .publicOnly(
            except: runtime.settings.allowedTargets, denying: runtime.settings.deniedTargets)
        let redis = runtime.settings.redisURL
        // A client of its own: the API may be where targets may not be.
        let api = EngineAPI(TriggerWorkerCommand.api, client: HTTPClient())
        let worker = TriggerWorker(
            runtime, configuration: configuration, queue: source.queue, client: HTTPClient(http),
            tenants: RedisTenantDirectory(url: redis), limiter: RedisRateLimiter(url: redis), keys: try secretKeys(),
            api: api)
        await runtime.run { await source.run { await worker.run() } }
    }

    /// With queues in SQS the worker asks the API before each call.
    private static var asked: [FunctionSettings.RequiredVariable] {
        guard FunctionSettings.usesSQS else { return [] }
        return [
            .init("HEADGATE_API", "the API's URL: with queues in SQS it is asked what was cancelled"),
            .init("HEADGATE_SERVICE_KEY", "the key that the API knows functions by, its HEADGATE_SERVICE_KEY"),
        ]
    }

    /// How Headgate's own API is called; nil: the settings for it are missing.
    private static var api: EngineAPI.Configuration? {
        guard let api = FunctionSettings.variable("HEADGATE_API"),
            let key = FunctionSettings.variable("HEADGATE_SERVICE_KEY"), !key.isEmpty
        else { return nil }
        return EngineAPI.Configuration(api: api.hasSuffix("/") ? String(api.dropLast()) : api, key: key)
    }

    private func secretKeys() throws -> SecretKeys? {
        do throws(SecretError) {
            return try SecretKeys.fromEnvironment(FunctionSettings.variable)
        } catch {
            throw ValidationError(error.description)
        }
    }
}
