import ArgumentParser
import FunctionRuntime
import Logging
import Model
import MonitorFunction
import Postgres
import QueueWiring
import Redis
import Wiring

@main struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor", abstract: "Send lost triggers again, move idle queues, keep the partitions.",
        discussion: FunctionHelp.settings)

    @Option(help: "How often it looks (default: 5s).", transform: FunctionHelp.duration) var every = Duration.seconds(5)
    @Option(help: "Days of triggers that are kept.") var retention = 30
    @Option(help: "End after this time.", transform: FunctionHelp.duration) var maxAge: Duration?

    func validate() throws {
        guard (1...3_650).contains(retention) else {
            throw ValidationError("--retention: expected 1 to 3650 days, found \(retention)")
        }
    }

    func run() async throws {
        let runtime = FunctionRuntime.start("monitor", needs: .queues(and: [.postgres, .redis]), maxAge: maxAge)
        var configuration = Monitor.Configuration()
        configuration.every = every
        configuration.retention = retention
        let server = RedisServer(url: runtime.settings.redisURL)
        let objection = await runtime.retryUntilSuccess("cannot reach Redis") { try await server.evictionProblem() }
        if let objection, let text = objection {
            runtime.logger.critical("\(text)")
            throw ExitCode(FunctionRuntime.ExitCode.usage)
        }
        let queues = FunctionQueues(runtime)
        let store = PostgresMonitorStore(url: runtime.settings.postgres)
        let monitor = Monitor(
            runtime, configuration: configuration, store: store,
            queue: queues.triggers, outcomes: queues.outcomes, generation: queues.generation,
            tenants: RedisTenantDirectory(url: runtime.settings.redisURL),
            flows: .init(executions: store, hints: runtime.settings.stepQueue(), triggers: queues.triggers))
        await runtime.run { await monitor.run() }
    }
}
