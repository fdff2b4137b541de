import ArgumentParser
import FunctionRuntime
import Model

struct ScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Apply, show, pause and fire schedules.",
        subcommands: [
            Apply.self, List.self, Show.self, Delete.self, Pause.self, Resume.self, Upcoming.self, Fire.self,
            Preview.self, Backfill.self, Forecast.self,
        ])

    static let columns = ["name", "state", "nextAt", "revision", "pauseReason"]

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Create or replace the schedules of files: a JSON object with a name, a list of them, or one a line.")
        @OptionGroup var connection: Connection
        @Argument(help: "Files; - is the standard input.") var files: [String]

        func run() async throws {
            let client = try APIClient(connection)
            var refused = 0
            for file in files {
                let bytes = try ScheduleCommand.read(file)
                let (lines, places) = try Apply.lines(bytes, file)
                let answer = try await client.call(
                    "POST", "/v1/schedules/import", bytes: Array(lines.joined(separator: [10])),
                    type: "application/x-ndjson")
                if connection.json { print(answer) }
                let refusedHere = (answer["refused"]?.elements ?? []).count + (answer["omitted"]?.int ?? 0)
                refused += refusedHere
                for refusal in answer["refused"]?.elements ?? [] {
                    let place = places[max(0, (refusal["line"]?.int ?? 1) - 1)]
                    for error in refusal["errors"]?.elements ?? [] {
                        let pointer = error["pointer"]?.text ?? ""
                        APIClient.say("\(place)\(pointer.isEmpty ? "" : "\(pointer): ")\(error["detail"]?.text ?? "")")
                    }
                }
                if let omitted = answer["omitted"]?.int, omitted > 0 {
                    APIClient.say("\(file): \(omitted) more lines were refused")
                }
                for warned in answer["warnings"]?.elements ?? [] {
                    let place = places[max(0, (warned["line"]?.int ?? 1) - 1)]
                    ScheduleCommand.warn(warned["warnings"], place)
                }
                if !connection.json {
                    let stored = "\(answer["created"]?.int ?? 0) created, \(answer["updated"]?.int ?? 0) updated"
                    print("\(file): \(stored)\(refusedHere > 0 ? ", \(refusedHere) refused" : "")")
                }
            }
            if refused > 0 { throw ExitCode(64) }
        }

        /// One schedule per line, and how messages refer to each: by its line in the file, or by its place in a list
        /// and its name.
        private static func lines(_ bytes: [UInt8], _ file: String) throws -> ([[UInt8]], [String]) {
            let whole: JSON
            do throws(JSON.SyntaxError) {
                whole = try JSON(parsing: bytes)
            } catch {
                let lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
                let isPerLine = lines.first { $0.contains { $0 > 32 } }.map { (try? JSON(parsing: $0)) != nil } ?? false
                if isPerLine { return (lines, lines.indices.map { "\(file):\($0 + 1): " }) }
                APIClient.say("\(file):\(error.line):\(error.column): \(error.detail)")
                throw ExitCode(64)
            }
            // What `GET /v1/schedules` answers holds its documents in `items`.
            let list = whole["name"] == nil ? whole["items"] ?? whole : whole
            guard let documents = list.elements else { return ([whole.serialized], ["\(file): "]) }
            let places = documents.enumerated().map { index, document in
                "\(file): item \(index + 1)\(document["name"]?.text.map { " (\($0))" } ?? ""): "
            }
            return (documents.map(\.serialized), places)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List schedules.")
        @OptionGroup var connection: Connection
        @Option(help: "Only names that begin so.") var prefix: String?
        @Option(help: "active, paused or finished.") var state: String?

        func run() async throws {
            let client = try APIClient(connection)
            var items: [JSON] = []
            var cursor: String?
            repeat {
                let query = [("prefix", prefix), ("state", state), ("limit", "1000"), ("cursor", cursor)]
                let page = try await client.call("GET", "/v1/schedules", query: query)
                items += page["items"]?.elements ?? []
                cursor = page["next"]?.text
            } while cursor != nil
            if connection.json { return print(JSON.array(items)) }
            Table.print(items, ScheduleCommand.columns)
            for item in items { if let error = item["error"]?.text { APIClient.say(error) } }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a schedule.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        func run() async throws {
            try await ScheduleCommand.ask(connection, "GET", name)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a schedule and what it has queued.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        func run() async throws {
            _ = try await APIClient(connection).call("DELETE", APIClient.schedulePath(name))
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pause a schedule, or all with a prefix; what they have queued is removed.")
        @OptionGroup var connection: Connection
        @OptionGroup var target: OneOrMany
        @Option(help: "Why, for those who find it paused.") var reason = ""
        func run() async throws {
            try await target.change(connection, "pause", body: ["reason": .string(reason)])
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Resume a paused schedule, or all with a prefix.")
        @OptionGroup var connection: Connection
        @OptionGroup var target: OneOrMany
        @Option(help: "What becomes of missed occurrences: skip, last or all (default: the schedule's own).")
        var missed: String?
        func run() async throws {
            let body = missed.map { JSON.object([.init("missed", .string($0))]) } ?? .object([])
            try await target.change(connection, "resume", body: body)
        }
    }

    struct Upcoming: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "When a schedule runs next.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        @Option var count = 10
        @Option(help: "After this RFC 3339 time (default: now).") var after: String?
        func run() async throws {
            let answer = try await APIClient(connection).call(
                "GET", "\(APIClient.schedulePath(name))/upcoming",
                query: [("count", String(count)), ("after", after)])
            ScheduleCommand.printTimes(answer, connection)
        }
    }

    struct Fire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run a schedule's action now; prints the trigger.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        func run() async throws {
            let answer = try await APIClient(connection).call("POST", "\(APIClient.schedulePath(name))/fire")
            print(connection.json ? answer.description : answer["id"]?.text ?? "")
        }
    }

    /// A file's bytes; `-` is standard input.
    static func read(_ file: String) throws -> [UInt8] {
        guard let bytes = FileText.read(file == "-" ? "/dev/stdin" : file) else {
            APIClient.say("\(file): cannot be read")
            throw ExitCode(64)
        }
        return Array(bytes.withoutByteOrderMark)
    }

    /// Prints warnings on standard error.
    static func warn(_ warnings: JSON?, _ place: String) {
        for warning in warnings?.elements ?? [] {
            APIClient.say("\(place)\(warning["pointer"]?.text ?? ""): warning: \(warning["detail"]?.text ?? "")")
        }
    }

    /// Prints the next occurrences, one per line.
    static func printTimes(_ answer: JSON, _ connection: Connection) {
        if connection.json { return print(answer) }
        for time in answer["upcoming"]?.elements ?? [] { print(time.text ?? "") }
    }

    static func ask(
        _ connection: Connection, _ method: String, _ name: String, _ rest: String = "", body: JSON? = nil
    ) async throws {
        let answer = try await APIClient(connection).call(
            method, "\(APIClient.schedulePath(name))\(rest)", body: body)
        if connection.json || method == "GET" { return print(connection.json ? answer.description : answer.pretty) }
        var next = ""
        if let time = answer["nextAt"]?.text {
            // A missed occurrence that runs now has its time in the past.
            let isDue = Timestamp(time).map { $0 <= WallClock.now() } ?? false
            next = isDue ? ", next now, for \(time)" : ", next at \(time)"
        }
        print("\(name) is \(answer["state"]?.text ?? "changed")\(next)")
    }
}
