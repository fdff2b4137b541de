import ArgumentParser
import Model

struct TriggerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger", abstract: "List, show, make, cancel and redrive triggers.",
        subcommands: [List.self, Show.self, Create.self, Cancel.self, Redrive.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List triggers, newest first.")
        @OptionGroup var connection: Connection
        @Option var schedule: String?
        @Option(help: "planned, queued, delivered, rejected, expired, dead, skipped or cancelled.") var state: String?
        @Option(help: "RFC 3339 (default: a day ago).") var from: String?
        @Option(help: "RFC 3339.") var to: String?
        @Option var limit = 50

        func validate() throws {
            if let from = from.flatMap({ Timestamp($0) }), let to = to.flatMap({ Timestamp($0) }), to <= from {
                throw ValidationError("--to is not after --from")
            }
        }

        func run() async throws {
            let query = [
                ("schedule", schedule), ("state", state), ("from", from), ("to", to), ("limit", String(limit)),
            ]
            let answer = try await APIClient(connection).call("GET", "/v1/triggers", query: query)
            if connection.json { return print(answer) }
            let items = answer["items"]?.elements ?? []
            Table.print(
                items,
                ["id", "schedule", "kind", "state", "occurrence", "count", "latenessMs", "attempts", "reason"])
            if items.isEmpty, from == nil, to == nil, answer["next"]?.text == nil {
                APIClient.say(
                    "no trigger of the last day or the next week matches; name other times by --from and --to")
            }
            if answer["next"]?.text != nil {
                APIClient.say("there are more: raise --limit, or give the oldest time of these as --to")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a trigger with its attempts.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/triggers/\(APIClient.encode(id))")
            print(connection.json ? answer.description : answer.pretty)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a one-off trigger; prints its id.")
        @OptionGroup var connection: Connection
        @Option var url: String
        @Option var method = "POST"
        @Option(help: "The body, as JSON.") var body: String?
        @Option(help: "When, as RFC 3339 (default: now).") var at: String?

        func run() async throws {
            var call: [JSON.Member] = [.init("url", .string(url)), .init("method", .string(method))]
            if let body {
                do throws(JSON.SyntaxError) {
                    call.append(.init("body", try JSON(parsing: body)))
                } catch {
                    throw ValidationError("--body is not JSON: \(error)")
                }
            }
            var members: [JSON.Member] = [.init("action", ["http": .object(call)])]
            if let at { members.append(.init("at", .string(at))) }
            let answer = try await APIClient(connection).call("POST", "/v1/triggers", body: .object(members))
            print(connection.json ? answer.description : answer["id"]?.text ?? "")
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Cancel a trigger that has not been delivered.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        func run() async throws {
            let answer = try await APIClient(connection).call("POST", "/v1/triggers/\(APIClient.encode(id))/cancel")
            if connection.json { return print(answer) }
            let isOpen = answer["state"]?.text == "queued"
            print(isOpen ? "the cancel is asked for; a call is under way and decides" : answer["state"]?.text ?? "")
        }
    }

    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a dead trigger again, also one whose dead letter the queue has lost.")
        @OptionGroup var connection: Connection
        @Argument var id: String
        func run() async throws {
            let answer = try await APIClient(connection).call("POST", "/v1/triggers/\(APIClient.encode(id))/redrive")
            if connection.json { return print(answer) }
            print(answer["state"]?.text ?? "")
        }
    }
}
