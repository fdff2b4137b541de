import ArgumentParser
import Curl
import FunctionRuntime
import HTTP
import Model
import Postgres
import Queue
import Redis
import Secrets
import StepWorkerFunction
import Wiring

@main struct StepWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step-worker", abstract: "Move executions of flows on.", discussion: FunctionHelp.settings)

    @Option(help: "Executions of one transaction.") var batch = 100
    @Option(help: "Calls in flight at once.") var concurrency = 1_024
    @Option(help: "End after so long without work.", transform: FunctionHelp.duration) var idle: Duration?
    @Option(help: "End after this time.", transform: FunctionHelp.duration) var maxAge: Duration?

    func validate() throws {
        guard (1...1_000).contains(batch) else { throw ValidationError("--batch: expected 1 to 1000, found \(batch)") }
        guard (1...10_000).contains(concurrency) else {
            throw ValidationError("--concurrency: expected 1 to 10000, found \(concurrency)")
        }
    }

    func run() async throws {
        let runtime = FunctionRuntime.start("step-worker", needs: [.postgres, .redis], idle: idle, maxAge: maxAge)
        let queue = runtime.settings.stepQueue()
        var configuration = StepWorker.Configuration()
        configuration.batch = batch
        let concurrency = runtime.concurrency(concurrency)
        configuration.concurrency = concurrency
        configuration.visibility = queue.configuration.visibility
        configuration.callbackURL = FunctionSettings.variable("HEADGATE_CALLBACK_URL").map { url in
            url.hasSuffix("/") ? String(url.dropLast()) : url
        }
        var http = HTTPClient.Configuration()
        http.maximumConcurrency = concurrency
        // A call that has a slot must not wait for a connection behind slow ones.
        http.connectionsPerHost = concurrency
        http.policy = .publicOnly(except: runtime.settings.allowedTargets, denying: runtime.settings.deniedTargets)
        let redis = runtime.settings.redisURL
        let worker = StepWorker(
            runtime, configuration: configuration, queue: queue,
            store: PostgresExecutionStore(url: runtime.settings.postgres), client: HTTPClient(http),
            tenants: RedisTenantDirectory(url: redis), limiter: RedisRateLimiter(url: redis), keys: try secretKeys())
        await runtime.run { await worker.run() }
    }

    private func secretKeys() throws -> SecretKeys? {
        do throws(SecretError) {
            return try SecretKeys.fromEnvironment(FunctionSettings.variable)
        } catch {
            throw ValidationError(error.description)
        }
    }
}
