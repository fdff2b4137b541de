import ArgumentParser
import Flows
import Model

struct FlowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow", abstract: "Check flows. They cannot be published or run yet.",
        subcommands: [Validate.self])

    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the definitions of flows, each a JSON document, without an API.")
        @Argument(help: "Files; - is the standard input.") var files: [String]

        func run() throws {
            var isWrong = false
            for file in files {
                let mistakes = try Validate.mistakes(in: file)
                for mistake in mistakes {
                    APIClient.say("\(file): \(mistake.pointer.isEmpty ? "" : "\(mistake.pointer): ")\(mistake.detail)")
                }
                if mistakes.isEmpty { print("\(file): valid") } else { isWrong = true }
            }
            if isWrong { throw ExitCode(64) }
        }

        private static func mistakes(in file: String) throws -> [FieldError] {
            let bytes = try ScheduleCommand.read(file)
            let document: JSON
            do throws(JSON.SyntaxError) {
                document = try JSON(document: bytes)
            } catch {
                APIClient.say("\(file):\(error.line):\(error.column): \(error.detail)")
                throw ExitCode(64)
            }
            do throws(FieldErrors) {
                return FlowChecker(try FlowDefinition(document)).mistakes
            } catch {
                return error.errors
            }
        }
    }
}

struct StepTypeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step-type", abstract: "What types of step take and give.", subcommands: [List.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the types of step with their inputs and outputs.")
        @Flag(help: "Print JSON.") var json = false

        func run() {
            let items = StepContract.builtIn.map { contract -> JSON in
                [
                    "type": .string(contract.name), "inputs": List.text(contract.inputs, contract.takesParameters),
                    "outputs": List.text(contract.outputs, false),
                ]
            }
            if json { print(JSON.array(items)) } else { Table.print(items, ["type", "inputs", "outputs"]) }
        }

        /// `dataset: Dataset, name: string?`: a question mark where a field is optional.
        private static func text(_ fields: [String: StepContract.Field], _ takesParameters: Bool) -> JSON {
            let known = fields.sorted { ($0.value.isOptional ? 1 : 0, $0.key) < ($1.value.isOptional ? 1 : 0, $1.key) }
                .map { "\($0.key): \($0.value.type)\($0.value.isOptional ? "?" : "")" }
            return .string((known + (takesParameters ? ["parameters"] : [])).joined(separator: ", "))
        }
    }
}
