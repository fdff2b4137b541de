import ArgumentParser
import FlowGraph
import Flows
import FunctionRuntime
import Model

extension FlowCommand {
    struct Graph: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw a flow as SVG.",
            discussion: "What ends in .json, or has a slash, is a file; anything else is the name of a published flow.")
        @OptionGroup var connection: Connection
        @Argument(help: "A file with a definition, or a flow's name.") var flow: String
        @Option(help: "The file to write (default: the standard output).") var output: String?

        func run() async throws {
            let (title, json): (String, JSON)
            if flow.hasSuffix(".json") || flow.contains("/") || flow == "-" {
                let bytes = try ScheduleCommand.read(flow)
                do throws(JSON.SyntaxError) {
                    (title, json) = (Graph.name(flow), try JSON(document: bytes))
                } catch {
                    APIClient.say("\(flow):\(error.line):\(error.column): \(error.detail)")
                    throw ExitCode(64)
                }
            } else {
                let answer = try await APIClient(connection).call("GET", FlowCommand.path(flow))
                (title, json) = ("\(flow)@\(answer["version"]?.int ?? 0)", answer["definition"] ?? .null)
            }
            try Graph.write(FlowGraph(try Graph.definition(json, flow), title: title), to: output)
        }

        /// A file's name without its folder and ending.
        private static func name(_ file: String) -> String {
            let last = file.split(separator: "/").last.map { String($0) } ?? file
            return last.hasSuffix(".json") ? String(last.dropLast(5)) : last
        }

        /// A definition with all mistakes printed that keep it from being drawn.
        static func definition(_ json: JSON, _ place: String) throws -> FlowDefinition {
            do throws(FieldErrors) {
                return try FlowDefinition(json)
            } catch {
                for mistake in error.errors { APIClient.say("\(place): \(mistake)") }
                throw ExitCode(64)
            }
        }

        /// Writes a drawing to a file, or prints it.
        static func write(_ graph: FlowGraph, to file: String?) throws {
            guard let file else { return print(graph.svg, terminator: "") }
            if !FileText.replace(file, with: graph.svg) {
                APIClient.say("\(file): cannot be written")
                throw ExitCode(64)
            }
        }
    }

    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the JSON Schema (2020-12) of a flow's definition, for editors.")

        func run() { print(FlowDefinition.schema.pretty) }
    }
}
