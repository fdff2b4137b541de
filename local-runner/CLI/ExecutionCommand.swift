import ArgumentParser
import FunctionRuntime
import Glibc
import Model

struct ExecutionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "execution", abstract: "List, show, explain and control executions of flows.",
        subcommands: [
            List.self, Show.self, Events.self, Watch.self, Explain.self, Cancel.self, Pause.self, Resume.self,
            Retry.self, Graph.self,
        ])

    static func path(_ id: String) -> String { "/v1/executions/\(APIClient.encode(id))" }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List executions, newest first.")
        @OptionGroup var connection: Connection
        @Option(help: "new, running, paused, ending, succeeded, failed, cancelled, quarantined or pending.") var state:
            String?
        @Option(help: "The name of a flow.") var flow: String?
        @Option(help: "Created from then on, RFC 3339.") var from: String?
        @Option(help: "Created before then, RFC 3339.") var to: String?
        @Option var limit = 50

        func run() async throws {
            let query = [("flow", flow), ("state", state), ("from", from), ("to", to), ("limit", String(limit))]
            let answer = try await APIClient(connection).call("GET", "/v1/executions", query: query)
            if connection.json { return print(answer) }
            Table.print(
                answer["items"]?.elements ?? [],
                ["id", "flow", "version", "state", "createdAt", "endedAt"])
            if answer["next"]?.text != nil { APIClient.say("there are more: raise --limit") }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an execution with its steps.")
        @OptionGroup var connection: Connection
        @Argument var id: String

        func run() async throws {
            let answer = try await APIClient(connection).call("GET", ExecutionCommand.path(id))
            print(connection.json ? answer.description : answer.pretty)
        }
    }

    struct Events: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what happened to an execution, in order; it is kept after the execution has ended.")
        @OptionGroup var connection: Connection
        @Argument var id: String

        func run() async throws {
            let client = try APIClient(connection)
            var cursor: String?
            var items: [JSON] = []
            repeat {
                let answer = try await client.call(
                    "GET", "\(ExecutionCommand.path(id))/events", query: [("limit", "1000"), ("cursor", cursor)])
                items += answer["items"]?.elements ?? []
                cursor = answer["next"]?.text
            } while cursor != nil
            if connection.json { return print(JSON.array(items)) }
            Table.print(items, ["at", "event", "step", "attempt", "detail"])
        }
    }

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what happens to an execution until it has ended.")
        @OptionGroup var connection: Connection
        @Argument var id: String

        func run() async throws { try await ExecutionCommand.watch(id, try APIClient(connection)) }
    }

    /// Prints a line whenever a step changes; throws exit code 1 if the execution did not succeed.
    static func watch(_ id: String, _ client: APIClient) async throws {
        var shown: [String: String] = [:]
        var isPaused = false
        /// A pipe gets each line as it comes.
        func say(_ line: String) {
            print("\(Timestamp.now.description.dropFirst(11).dropLast())  \(line)")
            fflush(nil)
        }
        while true {
            let execution = try await client.call("GET", path(id))
            for step in execution["steps"]?.elements ?? [] {
                guard let name = step["name"]?.text, let state = step["state"]?.text else { continue }
                let attempt = step["attempt"]?.int ?? 0
                var line = "\(name): \(state)"
                if attempt > 1 { line += ", attempt \(attempt)" }
                if let failure = step["failure"]?["message"]?.text { line += ": \(failure)" }
                if shown[name] == line || state == "waiting" && shown[name] == nil { continue }
                shown[name] = line
                say(line)
            }
            let state = execution["state"]?.text ?? ""
            if isPaused != (state == "paused") {
                isPaused.toggle()
                say(isPaused ? "paused" : "resumed")
            }
            if ["succeeded", "failed", "cancelled", "quarantined"].contains(state) {
                print(state)
                if state != "succeeded" { throw ExitCode(1) }
                return
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say why each step that has not ended has not ended, and what would help.")
        @OptionGroup var connection: Connection
        @Argument var id: String

        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "\(ExecutionCommand.path(id))/explain")
            if connection.json { return print(answer) }
            let state = answer["state"]?.text ?? ""
            print("the execution \(["succeeded", "failed"].contains(state) ? "has" : "is") \(state)")
            if let why = answer["why"]?.text { print(why) }
            if let command = answer["command"]?.text { print("    \(command)") }
            for step in answer["steps"]?.elements ?? [] {
                print("\(step["name"]?.text ?? ""): \(step["why"]?.text ?? "")")
                if let command = step["command"]?.text { print("    \(command)") }
            }
        }
    }

    /// Asks for something that the engine then does.
    fileprivate static func ask(_ verb: String, _ id: String, _ connection: Connection, body: JSON? = nil) async throws
    {
        let answer = try await APIClient(connection).call("POST", "\(path(id))/\(verb)", body: body)
        print(connection.json ? answer.description : "the \(verb) is asked for")
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel an execution, and what it runs on remote systems.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        func run() async throws { try await ExecutionCommand.ask("cancel", id, connection) }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pause an execution: answers are recorded, and nothing new is called.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        func run() async throws { try await ExecutionCommand.ask("pause", id, connection) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Resume an execution that is paused or quarantined; what is overdue happens at once.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        func run() async throws { try await ExecutionCommand.ask("resume", id, connection) }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a failed or cancelled execution again: what did not succeed, or from a step on.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        @Option(help: "The step to begin with; what waits for it runs again, too.") var from: String?

        func run() async throws {
            try await ExecutionCommand.ask(
                "retry", id, connection, body: from.map { ["fromStep": .string($0)] } ?? .object([]))
        }
    }
}

extension Timestamp {
    /// The host's time.
    fileprivate static var now: Timestamp { WallClock.now() }
}
