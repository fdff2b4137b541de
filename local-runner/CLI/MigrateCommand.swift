import ArgumentParser
import FunctionRuntime
import Model
import Postgres

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring a database to this version's schema.",
        discussion:
            "The roles headgate_api and headgate_engine get the password in HEADGATE_ROLE_PASSWORD, if it is set.")
    @Option(help: "The URL of a superuser, or of the owner of the database who may create roles.") var postgres: String
    @Option(help: "The same for the database of the history of executions (default: the same database).")
    var history: String?
    @Option(help: "Partitions of the schedules, when the schema is made.") var shards = 16

    func validate() throws {
        guard (1...1_024).contains(shards) else {
            throw ValidationError("--shards: expected 1 to 1024, found \(shards)")
        }
    }

    func run() async throws {
        let password = FunctionSettings.variable("HEADGATE_ROLE_PASSWORD")
        do {
            let ran = try await Migrator(url: postgres, password: password, shards: shards, history: history)
                .run()
            print(ran.isEmpty ? "nothing to do" : "ran \(ran.joined(separator: ", "))")
        } catch {
            APIClient.say("\(error)")
            throw ExitCode(1)
        }
    }
}

struct ReshardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reshard", abstract: "Spread the schedules over more shards, while everything runs.",
        discussion:
            "It can be stopped and run again. Loaders that were given --shard have to be given the new ones too.")
    @Option(help: "The URL of a superuser, or of the owner of the schema.") var postgres: String
    @Option(help: "How many shards there will be; more than now.") var shards: Int

    func validate() throws {
        guard (1...1_024).contains(shards) else {
            throw ValidationError("--shards: expected 1 to 1024, found \(shards)")
        }
    }

    func run() async throws {
        do {
            let moved = try await Resharder(url: postgres, shards: shards).run { count in
                if count > 0 { APIClient.say("\(count) schedules moved so far") }
            }
            print("\(moved) schedules moved; there are \(shards) shards")
        } catch {
            APIClient.say("\(error)")
            throw ExitCode(1)
        }
    }
}
