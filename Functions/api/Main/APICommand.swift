import APIFunction
import ArgumentParser
import FunctionRuntime
import Model
import Postgres
import Queue
import Redis
import Scheduling
import Secrets

@main struct APICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: "Serve the HTTP API.", discussion: FunctionHelp.settings)

    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port; 0 picks a free one.") var port = 8_080

    func run() async throws {
        let runtime = FunctionRuntime.start("api", needs: [.postgres, .redis])
        let registry = PostgresRegistry(url: runtime.settings.postgres)
        guard let shards = await runtime.untilItWorks("cannot reach Postgres", { try await registry.shardCount() })
        else { return }
        let keys: SecretKeys?
        do throws(SecretError) {
            keys = try SecretKeys.fromEnvironment(FunctionSettings.variable)
        } catch {
            throw ValidationError(error.description)
        }
        let api = API(
            runtime, registry: registry, queue: runtime.settings.triggerQueue(),
            outcomes: runtime.settings.outcomeQueue(),
            directory: RedisTenantDirectory(url: runtime.settings.redisURL), keys: keys,
            zones: SystemZones.catalog, shards: shards)
        try await api.run(host: host, port: port)
    }
}
