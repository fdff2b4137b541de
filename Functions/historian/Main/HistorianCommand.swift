import ArgumentParser
import FunctionRuntime
import HistorianFunction
import Model
import Postgres
import Queue
import Redis
import Wiring

@main struct HistorianCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "historian", abstract: "Record the outcomes of triggers.", discussion: FunctionHelp.settings)

    @Option(help: "End after so long without work.", transform: FunctionHelp.duration) var idle: Duration?
    @Option(help: "End after this time.", transform: FunctionHelp.duration) var maxAge: Duration?

    func run() async throws {
        let runtime = FunctionRuntime.start("historian", needs: [.postgres, .redis], idle: idle, maxAge: maxAge)
        let queue = runtime.settings.outcomeQueue()
        let historian = Historian(
            runtime, store: PostgresOutcomeStore(url: runtime.settings.postgres), queue: queue,
            triggers: runtime.settings.triggerQueue(),
            visibility: queue.configuration.visibility)
        await runtime.run { await historian.run() }
    }
}
