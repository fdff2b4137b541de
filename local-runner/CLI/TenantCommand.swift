import ArgumentParser
import Model

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Show and set what a tenant has; platform admins only.",
        subcommands: [Show.self, Set.self, Pause.self, Resume.self, Delete.self])

    /// Reads a tenant's settings, and writes back what `change` makes of them.
    fileprivate static func change(
        _ tenant: String, _ connection: Connection, _ change: ([JSON.Member]) -> [JSON.Member]
    ) async throws {
        let client = try APIClient(connection)
        let path = "/v1/tenants/\(APIClient.encode(tenant))"
        let shown: Swift.Set = ["tenant", "revision", "updatedAt"]
        // An erased tenant has the settings that every tenant begins with.
        let members = (try await client.find(path)?.members ?? []).filter { !shown.contains($0.name) }
        let answer = try await client.call("PUT", path, body: .object(change(members)))
        print(connection.json ? answer.description : answer.pretty)
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a tenant's settings.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/tenants/\(APIClient.encode(name))")
            print(connection.json ? answer.description : answer.pretty)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change some of a tenant's settings.",
            discussion: "Takes a JSON object of the fields to change: headgate tenant set acme '{\"maxRate\": 50}'")
        @OptionGroup var connection: Connection
        @Argument var name: String
        @Argument(help: "A JSON object.") var settings: String

        func run() async throws {
            guard let changed = (try? JSON(parsing: Array(settings.utf8)))?.members else {
                APIClient.say("the settings are not a JSON object")
                throw ExitCode(64)
            }
            try await TenantCommand.change(name, connection) { members in
                members.filter { member in !changed.contains { $0.name == member.name } } + changed
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stop everything of a tenant.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        func run() async throws {
            try await TenantCommand.change(name, connection) { members in
                members.filter { $0.name != "paused" } + [.init("paused", .bool(true))]
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused tenant go on.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        func run() async throws {
            try await TenantCommand.change(name, connection) { members in
                members.filter { $0.name != "paused" } + [.init("paused", .bool(false))]
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erase a tenant: schedules, messages, triggers, secrets, settings and keys.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        @Option(help: "The name once more: it cannot be undone.") var confirm: String

        func validate() throws {
            guard confirm == name else { throw ValidationError("--confirm is \(confirm), not \(name)") }
        }

        func run() async throws {
            let answer = try await APIClient(connection).call("DELETE", "/v1/tenants/\(APIClient.encode(name))")
            print(
                connection.json
                    ? answer.description
                    : "erased \(answer["schedules"]?.int ?? 0) schedules and \(answer["triggers"]?.int ?? 0) triggers")
        }
    }
}

struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Store, list and delete secrets.",
        subcommands: [Put.self, List.self, Delete.self])

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Store a secret; its value is the first line of the standard input.",
            discussion: "printf %s \"$TOKEN\" | headgate secret put train-token")
        @OptionGroup var connection: Connection
        @Argument var name: String
        @Option(help: "How long the value of before still signs (default: 1d).") var keepPrevious: String?

        func run() async throws {
            guard let value = readLine(strippingNewline: true), !value.isEmpty else {
                APIClient.say("the value is read from the standard input, and that is empty")
                throw ExitCode(64)
            }
            var members: [JSON.Member] = [.init("value", .string(value))]
            if let keepPrevious { members.append(.init("keepPrevious", .string(keepPrevious))) }
            let answer = try await APIClient(connection).call(
                "PUT", "/v1/secrets/\(APIClient.encode(name))", body: .object(members))
            print(connection.json ? answer.description : "stored \(name)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the names of secrets.")
        @OptionGroup var connection: Connection
        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/secrets", query: [("limit", "1000")])
            if connection.json { return print(answer) }
            Table.print(answer["items"]?.elements ?? [], ["name", "createdAt", "updatedAt"])
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a secret.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        func run() async throws {
            _ = try await APIClient(connection).call("DELETE", "/v1/secrets/\(APIClient.encode(name))")
        }
    }
}
