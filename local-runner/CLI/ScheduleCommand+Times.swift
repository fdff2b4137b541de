import ArgumentParser
import FunctionRuntime
import Model

extension ScheduleCommand {
    /// One schedule by name, or all with a prefix.
    struct OneOrMany: ParsableArguments {
        @Argument(help: "The schedule's name; or give --prefix.") var name: String?
        @Option(help: "All schedules whose names begin so; \"\" for all of the tenant.") var prefix: String?

        func validate() throws {
            if (name == nil) == (prefix == nil) { throw ValidationError("expected a name or --prefix, and not both") }
        }

        /// Pauses or resumes them; `verb` is the call's name.
        func change(_ connection: Connection, _ verb: String, body: JSON) async throws {
            if let name { return try await ScheduleCommand.ask(connection, "POST", name, "/\(verb)", body: body) }
            let answer = try await APIClient(connection).call(
                "POST", "/v1/schedules/\(verb)", query: [("prefix", prefix)], body: body)
            if connection.json { return print(answer) }
            print("\(answer["\(verb)d"]?.int ?? 0) schedules \(verb)d")
        }
    }

    struct Preview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "When the schedule of a file would run; nothing is stored.")
        @OptionGroup var connection: Connection
        @Argument(help: "A file with one schedule; - is the standard input.") var file: String
        @Option var count = 10
        @Option(help: "After this RFC 3339 time (default: now).") var after: String?

        func run() async throws {
            let bytes = try ScheduleCommand.read(file)
            let answer = try await APIClient(connection).call(
                "POST", "/v1/schedules/preview", query: [("count", String(count)), ("after", after)], bytes: bytes,
                type: "application/json")
            ScheduleCommand.warn(answer["warnings"], "\(file): ")
            ScheduleCommand.printTimes(answer, connection)
        }
    }

    struct Backfill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run past occurrences that were not delivered, behind live work.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        @Option(help: "From this RFC 3339 time on.") var from: String
        @Option(help: "Before this RFC 3339 time.") var to: String

        func run() async throws {
            let answer = try await APIClient(connection).call(
                "POST", "\(APIClient.schedulePath(name))/backfill",
                body: ["from": .string(from), "to": .string(to)])
            if connection.json { return print(answer) }
            print("\(answer["triggers"]?.int ?? 0) triggers, \(answer["skipped"]?.int ?? 0) skipped")
            APIClient.say("see them with: headgate trigger list --schedule \(name) --from \(from)")
        }
    }

    struct Forecast: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "How many triggers will fire in each step of time.")
        @OptionGroup var connection: Connection
        @Option(help: "Only schedules whose names begin so.") var prefix: String?
        @Option(help: "From this RFC 3339 time on (default: now).") var from: String?
        @Option(help: "Before this RFC 3339 time (default: a day after --from).") var to: String?
        @Option(help: "A duration, such as 15m (default: 1h).") var step: String?

        func run() async throws {
            let answer = try await APIClient(connection).call(
                "GET", "/v1/forecast", query: [("prefix", prefix), ("from", from), ("to", to), ("step", step)])
            if connection.json { return print(answer) }
            Table.print(answer["steps"]?.elements ?? [], ["at", "triggers"])
            for item in answer["unreadable"]?.elements ?? [] { APIClient.say(item["error"]?.text ?? "") }
            if answer["schedules"]?.int == 0 { APIClient.say("there is no active schedule with this prefix") }
        }
    }
}
