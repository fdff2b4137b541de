import ArgumentParser
import FlowHistorianFunction
import FunctionRuntime
import Model
import Postgres

@main struct FlowHistorianCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow-historian", abstract: "Move what executions of flows have done to their history.",
        discussion: FunctionHelp.settings + " HEADGATE_HISTORY names another database for the history.")

    @Option(help: "How often it looks (default: 200ms).", transform: FunctionHelp.duration)
    var every = Duration.milliseconds(200)
    @Option(help: "Days of history that are kept.") var retention = 30
    @Option(help: "End after this time.", transform: FunctionHelp.duration) var maxAge: Duration?

    func validate() throws {
        guard (1...3_650).contains(retention) else {
            throw ValidationError("--retention: expected 1 to 3650 days, found \(retention)")
        }
    }

    func run() async throws {
        let runtime = FunctionRuntime.start("flow-historian", needs: [.postgres], maxAge: maxAge)
        var configuration = FlowHistorian.Configuration()
        configuration.every = every
        configuration.retention = retention
        let postgres = runtime.settings.postgres
        let historian = FlowHistorian(
            runtime, configuration: configuration, outbox: PostgresOutbox(url: postgres),
            store: PostgresHistoryStore(url: FunctionSettings.variable("HEADGATE_HISTORY") ?? postgres))
        await runtime.run { await historian.run() }
    }
}
