import ArgumentParser
import FunctionRuntime
import Model
import Postgres

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make, list and revoke keys.", subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key; it is shown once.")
        @OptionGroup var connection: Connection
        @Option(help: "Who holds it.") var subject: String
        @Option(help: "viewer, operator, author or admin.") var role = "viewer"
        func run() async throws {
            var members: [JSON.Member] = [.init("subject", .string(subject)), .init("role", .string(role))]
            if let tenant = connection.tenant { members.append(.init("tenant", .string(tenant))) }
            let answer = try await APIClient(connection).call("POST", "/v1/keys", body: .object(members))
            print(connection.json ? answer.description : answer["key"]?.text ?? "")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List keys.")
        @OptionGroup var connection: Connection
        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/keys")
            if connection.json { return print(answer) }
            Table.print(answer["items"]?.elements ?? [], ["id", "tenant", "subject", "role", "platform"])
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a key.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        func run() async throws {
            _ = try await APIClient(connection).call("DELETE", "/v1/keys/\(APIClient.encode(id))")
        }
    }
}
