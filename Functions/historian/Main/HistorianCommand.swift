import ArgumentParser
import FunctionRuntime
import HistorianFunction
import Model
import Postgres
import QueueWiring

@main struct HistorianCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "historian", abstract: "Record the outcomes of triggers.", discussion: FunctionHelp.settings)

    @Option(help: "End after so long without work.", transform: FunctionHelp.duration) var idle: Duration?
    @Option(help: "End after this time.", transform: FunctionHelp.duration) var maxAge: Duration?

    func run() async throws {
        let runtime = FunctionRuntime.start(
            "historian", needs: .queues(and: [.postgres]), idle: idle, maxAge: maxAge)
        let queues = FunctionQueues(runtime)
        guard let source = queues.source(of: queues.outcomes, runtime) else {
            throw ExitCode(FunctionRuntime.ExitCode.usage)
        }
        let historian = Historian(
            runtime, store: PostgresOutcomeStore(url: runtime.settings.postgres), queue: source.queue,
            triggers: queues.triggers, visibility: queues.visibility.outcomes)
        await runtime.run { await source.run { await historian.run() } }
    }
}
