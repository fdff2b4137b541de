import ArgumentParser
import Model

struct BindingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "binding", abstract: "Say which calls perform the types of steps.",
        subcommands: [Put.self, Show.self, List.self])

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bind a type of step to a call; attempts under way keep the binding that they began with.")
        @OptionGroup var connection: Connection
        @Argument(help: "Such as model.train.") var type: String
        @Argument(help: "The file with the binding; - is the standard input.") var file: String
        @Flag(help: "For every tenant that has no binding of its own; platform admins only.") var everybody = false

        func run() async throws {
            let answer = try await APIClient(connection).call(
                "PUT", "/v1/bindings/\(APIClient.encode(type))", query: [("scope", everybody ? "platform" : nil)],
                bytes: try ScheduleCommand.read(file), type: "application/json")
            if connection.json { return print(answer) }
            print("\(type): binding \(answer["id"]?.int ?? 0) of the \(answer["scope"]?.text ?? "")")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the binding that applies to the tenant.")
        @OptionGroup var connection: Connection
        @Argument var type: String

        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/bindings/\(APIClient.encode(type))")
            print(connection.json ? answer.description : answer.pretty)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the bindings that apply to the tenant.")
        @OptionGroup var connection: Connection

        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/bindings")
            if connection.json { return print(answer) }
            Table.print(answer["items"]?.elements ?? [], ["type", "scope", "id", "createdAt"])
        }
    }
}
