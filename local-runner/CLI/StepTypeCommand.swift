import ArgumentParser
import Flows
import Model

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
