import ArgumentParser
import FlowGraph
import Flows
import Model

extension ExecutionCommand {
    struct Graph: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw an execution as SVG, its steps coloured by their states.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        @Option(help: "The file to write (default: the standard output).") var output: String?

        func run() async throws {
            let client = try APIClient(connection)
            let execution = try await client.call("GET", ExecutionCommand.path(id))
            let (flow, version) = (execution["flow"]?.text ?? "", execution["version"]?.int ?? 0)
            let published = try await client.call(
                "GET", FlowCommand.path(flow), query: [("version", String(version))])
            var statuses: [String: FlowGraph.Status] = [:]
            for step in execution["steps"]?.elements ?? [] {
                guard let name = step["name"]?.text, let state = step["state"]?.text else { continue }
                statuses[name] = FlowGraph.Status(state: state, attempt: step["attempt"]?.int ?? 0)
            }
            let definition = try FlowCommand.Graph.definition(published["definition"] ?? .null, "\(flow)@\(version)")
            let title = "\(flow)@\(version) \(id): \(execution["state"]?.text ?? "")"
            try FlowCommand.Graph.write(FlowGraph(definition, title: title, statuses: statuses), to: output)
        }
    }
}
