import ArgumentParser
import Flows
import Model

struct FlowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow", abstract: "Check, test, draw, publish, show and start flows.",
        subcommands: [
            Validate.self, Test.self, Graph.self, Schema.self, Publish.self, List.self, Show.self, Delete.self,
            Start.self, Import.self,
        ])

    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the definitions of flows, each a JSON document, without an API.")
        @Argument(help: "Files; - is the standard input.") var files: [String]

        func run() throws {
            var isWrong = false
            for file in files {
                guard let mistakes = Validate.mistakes(in: file) else {
                    isWrong = true
                    continue
                }
                for mistake in mistakes {
                    APIClient.say("\(file): \(mistake.pointer.isEmpty ? "" : "\(mistake.pointer): ")\(mistake.detail)")
                }
                if mistakes.isEmpty { print("\(file): valid") } else { isWrong = true }
            }
            if isWrong { throw ExitCode(64) }
        }

        /// Nil: the file is no JSON or cannot be read, which has been said.
        private static func mistakes(in file: String) -> [FieldError]? {
            guard let bytes = try? ScheduleCommand.read(file) else { return nil }
            guard bytes.count <= FlowDefinition.longestDocument else {
                let detail = "is \(bytes.count) bytes; at most \(FlowDefinition.longestDocument) are allowed"
                return [FieldError(pointer: "", detail: detail)]
            }
            let document: JSON
            do throws(JSON.SyntaxError) {
                document = try JSON(document: bytes)
            } catch {
                APIClient.say("\(file):\(error.line):\(error.column): \(error.detail)")
                return nil
            }
            return FlowChecker.mistakes(in: document)
        }
    }
}
