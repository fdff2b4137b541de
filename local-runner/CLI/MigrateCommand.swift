import ArgumentParser
import FunctionRuntime
import Model
import Postgres

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring a database to this version's schema.",
        discussion:
            "The roles headgate_api and headgate_engine get the password in HEADGATE_ROLE_PASSWORD, if it is set.")
    @Option(
        help: ArgumentHelp(
            "The URL of a superuser, or of the owner of the database who may create roles (default: HEADGATE_POSTGRES)."
        )
    )
    var postgres: String?
    @Option(
        help: "Migrate nothing: wait so long until somebody else has. Any role's URL will do.",
        transform: FunctionHelp.duration)
    var wait: Duration?
    @Option(help: "The same for the database of the history of executions (default: the same database).")
    var history: String?
    @Option(help: "Partitions of the schedules, when the schema is made.") var shards = 16

    func validate() throws {
        guard (1...1_024).contains(shards) else {
            throw ValidationError("--shards: expected 1 to 1024, found \(shards)")
        }
    }

    func run() async throws {
        guard let postgres = postgres ?? FunctionSettings.variable("HEADGATE_POSTGRES"), !postgres.isEmpty else {
            throw ValidationError("name the database with --postgres or HEADGATE_POSTGRES")
        }
        if let wait { return try await waitForSchema(postgres, wait) }
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

    private func waitForSchema(_ postgres: String, _ time: Duration) async throws {
        let deadline = ContinuousClock.now + time
        var last = ""
        while true {
            do {
                if try await Migrator.isCurrent(url: postgres) { return print("the schema is there") }
                last = "it has an older schema"
            } catch {
                last = "\(error)"
            }
            guard ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: .seconds(1))
        }
        APIClient.say(
            "after \(time.text) the database is not at this version's schema: \(last); run `headgate migrate`")
        throw ExitCode(1)
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
