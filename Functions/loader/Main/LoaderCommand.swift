import ArgumentParser
import FunctionRuntime
import LoaderFunction
import Model
import Postgres
import QueueWiring
import Wiring

@main struct LoaderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loader", abstract: "Turn due schedules into triggers and put them on the queue.",
        discussion: FunctionHelp.settings)

    @Option(help: "The pass period (default: 1s).", transform: FunctionHelp.duration) var every = Duration.seconds(1)
    @Option(help: "A shard to work on; repeat it for several (default: all).") var shard: [Int] = []
    @Option(help: "Messages in a shard of the queue from which on triggers stay planned.") var queueLimit = 500_000
    @Option(help: "End after this time.", transform: FunctionHelp.duration) var maxAge: Duration?

    func run() async throws {
        let runtime = FunctionRuntime.start("loader", needs: .queues(and: [.postgres, .redis]), maxAge: maxAge)
        var configuration = Loader.Configuration()
        configuration.every = every
        configuration.queueLimit = queueLimit
        configuration.shards = shard.isEmpty ? nil : shard
        let loader = Loader(
            runtime, configuration: configuration, store: PostgresLoaderStore(url: runtime.settings.postgres),
            queue: FunctionQueues(runtime).triggers, zones: SystemZones.catalog,
            zonesVersion: SystemZones.version)
        let wakes = WakeSender(
            runtime, store: PostgresWakeStore(url: runtime.settings.postgres), hints: runtime.settings.stepQueue())
        await runtime.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await loader.run() }
                group.addTask { await wakes.run() }
            }
        }
    }
}
