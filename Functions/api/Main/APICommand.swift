import APIFunction
import ArgumentParser
import FunctionRuntime
import Model
import Postgres
import Queue
import QueueWiring
import Redis
import Scheduling
import Secrets
import Wiring

@main struct APICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: "Serve the HTTP API.",
        discussion: FunctionHelp.settings + " This function also exits with 75: it cannot listen on its port.")

    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port; 0 picks a free one.") var port = 8_080

    @Option(help: "Requests a second that a key may make (default: 500).") var keyRate: Double?
    @Option(help: "Requests a second that all keys of a tenant may make (default: 1000).") var tenantRate: Double?
    @Option(help: "How long a request's head may take (default: 10s).") var headTimeout: String?
    @Option(help: "How long a request's body may take (default: 60s).") var bodyTimeout: String?
    @Option(help: "How long a connection may be without a request (default: 60s).") var idleTimeout: String?
    @Option(help: "Connections to Postgres for calls; one more recognizes keys.") var connections = 8
    @Option(help: "Reading calls at once, half of them of one tenant at most (default: the processors and one).")
    var readers: Int?
    @Option(help: "Messages in a shard of the queue from which on single triggers stay planned; as the loader's.")
    var queueLimit = 500_000

    func validate() throws {
        for rate in [keyRate, tenantRate] {
            if let rate, !(0.1...1_000_000).contains(rate) {
                throw ValidationError("--key-rate, --tenant-rate: expected 0.1 to 1000000, found \(rate)")
            }
        }
        guard (0...65_535).contains(port) else { throw ValidationError("--port: expected 0 to 65535, found \(port)") }
        guard (1...100).contains(connections) else {
            throw ValidationError("--connections: expected 1 to 100, found \(connections)")
        }
        guard queueLimit >= 1 else { throw ValidationError("--queue-limit: expected 1 or more, found \(queueLimit)") }
        if let readers, !(1...100).contains(readers) {
            throw ValidationError("--readers: expected 1 to 100, found \(readers)")
        }
        _ = try configuration
    }

    private var configuration: API.Configuration {
        get throws {
            var configuration = API.Configuration()
            configuration.slots = connections
            configuration.queueShares.messages = queueLimit
            configuration.readers = readers ?? FunctionSettings.processors + 1
            if let keyRate { configuration.keyRate = keyRate }
            if let tenantRate { configuration.tenantRate = tenantRate }
            func time(_ text: String?, _ name: String) throws -> Duration? {
                guard let text else { return nil }
                guard let time = Duration(text: text), time >= .milliseconds(100) else {
                    throw ValidationError("--\(name): expected a duration from 100ms on, such as 10s, found \(text)")
                }
                return time
            }
            if let time = try time(headTimeout, "head-timeout") { configuration.headTimeout = time }
            if let time = try time(bodyTimeout, "body-timeout") { configuration.bodyTimeout = time }
            if let time = try time(idleTimeout, "idle-timeout") { configuration.idleTimeout = time }
            return configuration
        }
    }

    func run() async throws {
        let runtime = FunctionRuntime.start("api", needs: .queues(and: [.postgres, .redis]))
        let queues = FunctionQueues(runtime)
        let registry = PostgresRegistry(url: runtime.settings.postgres, connections: connections)
        guard let shards = await runtime.retryUntilSuccess("cannot reach Postgres", { try await registry.shardCount() })
        else { return }
        let keys: SecretKeys?
        do throws(SecretError) {
            keys = try SecretKeys.fromEnvironment(FunctionSettings.variable)
        } catch {
            throw ValidationError(error.description)
        }
        let api = API(
            runtime, store: registry, queue: queues.triggers, outcomes: queues.outcomes,
            hints: runtime.settings.stepQueue(),
            history: PostgresHistoryRegistry(
                url: FunctionSettings.variable("HEADGATE_HISTORY") ?? runtime.settings.postgres),
            directory: RedisTenantDirectory(url: runtime.settings.redisURL), keys: keys,
            zones: SystemZones.catalog, shards: shards,
            serviceKey: FunctionSettings.variable("HEADGATE_SERVICE_KEY"), configuration: try configuration)
        do {
            try await api.run(host: host, port: port)
        } catch is CannotListen {
            throw ExitCode(FunctionRuntime.ExitCode.unavailable)
        }
    }
}
