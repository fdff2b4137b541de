import ArgumentParser
import Model

extension FlowCommand {
    static func path(_ name: String) -> String { "/v1/flows/\(APIClient.encode(name))" }

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish a flow: a changed definition makes a new version; an unchanged one makes none.")
        @OptionGroup var connection: Connection
        @Argument(help: "The flow's name.") var name: String
        @Argument(help: "The file with its definition; - is the standard input.") var file: String

        func run() async throws {
            let bytes = try ScheduleCommand.read(file)
            let answer = try await APIClient(connection).call(
                "PUT", FlowCommand.path(name), bytes: bytes, type: "application/json")
            print(connection.json ? answer.description : "\(name)@\(answer["version"]?.int ?? 0)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List flows with their current versions.")
        @OptionGroup var connection: Connection
        @Option var limit = 100

        func run() async throws {
            let answer = try await APIClient(connection).call("GET", "/v1/flows", query: [("limit", String(limit))])
            if connection.json { return print(answer) }
            Table.print(answer["items"]?.elements ?? [], ["name", "version", "createdAt"])
            if answer["next"]?.text != nil { APIClient.say("there are more: raise --limit") }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a flow's definition.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        @Option(name: .customLong("at"), help: "A version (default: the current one).") var version: Int?

        func run() async throws {
            let answer = try await APIClient(connection).call(
                "GET", FlowCommand.path(name), query: [("version", version.map { String($0) })])
            print(connection.json ? answer.description : answer.pretty)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a flow; its executions go on.")
        @OptionGroup var connection: Connection
        @Argument var name: String

        func run() async throws {
            _ = try await APIClient(connection).call("DELETE", FlowCommand.path(name))
        }
    }

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start an execution; prints its id.",
            discussion: "With --id the same id is the same execution: starting it again changes nothing.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        @Option(help: "The input, as JSON.") var input: String?
        @Option(help: "A file with the input; - is the standard input.") var inputFile: String?
        @Option(help: "A UUID for the execution.") var id: String?
        @Option(name: .customLong("at"), help: "A version (default: the current one).") var version: Int?
        @Flag(help: "Show the execution until it has ended.") var watch = false

        func run() async throws {
            var members: [JSON.Member] = []
            if let bytes = try input.map({ Array($0.utf8) }) ?? inputFile.map({ try ScheduleCommand.read($0) }) {
                do throws(JSON.SyntaxError) {
                    members.append(.init("input", try JSON(parsing: bytes)))
                } catch {
                    throw ValidationError("the input is not JSON: \(error)")
                }
            }
            if let id { members.append(.init("id", .string(id))) }
            if let version { members.append(.init("version", .integer(version))) }
            let client = try APIClient(connection)
            let answer = try await client.call(
                "POST", "\(FlowCommand.path(name))/executions", body: .object(members))
            if connection.json { print(answer) } else { print(answer["id"]?.text ?? "") }
            if watch, let id = answer["id"]?.text { try await ExecutionCommand.watch(id, client) }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start many executions: one object with id and input a line, up to 10,000 lines.")
        @OptionGroup var connection: Connection
        @Argument var name: String
        @Argument(help: "The file; - is the standard input.") var file: String

        func run() async throws {
            let answer = try await APIClient(connection).call(
                "POST", "\(FlowCommand.path(name))/executions/import", bytes: try ScheduleCommand.read(file),
                type: "application/x-ndjson")
            let refused = answer["refused"]?.elements ?? []
            for line in refused {
                for error in line["errors"]?.elements ?? [] {
                    let pointer = error["pointer"]?.text ?? ""
                    APIClient.say(
                        "\(file):\(line["line"]?.int ?? 0): \(pointer.isEmpty ? "" : "\(pointer): ")\(error["detail"]?.text ?? "")"
                    )
                }
            }
            if connection.json {
                print(answer)
            } else {
                let counts = "\(answer["started"]?.int ?? 0) started, \(answer["known"]?.int ?? 0) known"
                print("\(file): \(counts)\(refused.isEmpty ? "" : ", \(refused.count) refused")")
            }
            if !refused.isEmpty { throw ExitCode(64) }
        }
    }
}
