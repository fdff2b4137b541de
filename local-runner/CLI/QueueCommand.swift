import ArgumentParser
import Model

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Look at queues, and send dead letters again.",
        subcommands: [List.self, Show.self, Dead.self, Redrive.self])

    static let columns = ["name", "ready", "delayed", "inFlight", "dead", "oldestReady", "settled"]

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List queues.")
        @OptionGroup var connection: Connection
        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/queues")
            if connection.json { return print(answer) }
            let items = answer["items"]?.elements ?? []
            Table.print(items, items.first?["queued"] == nil ? QueueCommand.columns : ["name", "queued", "dead"])
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a queue and its largest tenants.")
        @OptionGroup var connection: Connection
        @Argument var queue: String
        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/queues/\(APIClient.encode(queue))")
            print(connection.json ? answer.description : answer.pretty)
        }
    }

    struct Dead: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List dead letters, oldest first.")
        @OptionGroup var connection: Connection
        @Argument var queue: String
        @Option var limit = 50
        func run() async throws {
            let answer = try await APIClient(connection).call(
                "GET", "/v1/queues/\(APIClient.encode(queue))/dead", query: [("limit", String(limit))])
            if connection.json { return print(answer) }
            Table.print(
                answer["items"]?.elements ?? [], ["id", "tenant", "schedule", "diedAt", "attempts", "reason"])
        }
    }

    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send dead letters again, oldest first.")
        @OptionGroup var connection: Connection
        @Argument var queue: String
        @Option var limit = 1_000
        @Option(help: "How many a second (default: all at once).") var rate: Double?
        func run() async throws {
            var members: [JSON.Member] = [.init("limit", .integer(limit))]
            if let rate { members.append(.init("ratePerSecond", .number(rate))) }
            let answer = try await APIClient(connection).call(
                "POST", "/v1/queues/\(APIClient.encode(queue))/redrive", body: .object(members))
            print(connection.json ? answer.description : "\(answer["redriven"]?.int ?? 0) redriven")
        }
    }
}

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "top", abstract: "Watch the queues; Ctrl-C ends it.")
    @OptionGroup var connection: Connection
    @Flag(help: "Print one table and end.") var once = false

    func run() async throws {
        let client = try APIClient(connection)
        while true {
            let items = try await client.call("GET", "/v1/queues")["items"]?.elements ?? []
            if !once { print("\u{1B}[H\u{1B}[2J", terminator: "") }
            Table.print(items, items.first?["queued"] == nil ? QueueCommand.columns : ["name", "queued", "dead"])
            if once { return }
            try await Task.sleep(for: .seconds(1))
        }
    }
}
