import FunctionRuntime
import Glibc
import LambdaHost
import Model
import Processes
import TopologyFile

/// `local-runner up`: the whole product on this machine, until it is told to stop.
package struct Up: Sendable {
    /// The options of `up`.
    package struct Configuration: Sendable {
        /// The directory for the servers' data.
        package var data = ".headgate"
        /// The API's port; 0 picks a free one.
        package var port = 8_080
        /// The port of the SQS endpoint; 0 picks a free one; nil: there is none.
        package var sqsPort: Int?
        /// The port of the Lambda API; 0 picks a free one; nil: there is none, unless the topology has Lambda functions.
        package var lambdaPort: Int?
        /// The account and region of the SQS endpoint and of Lambda.
        package var account = "000000000000"
        package var region = "us-east-1"
        /// A superuser's URL for a Postgres; nil: a private one.
        package var postgres: String?
        /// The URL of a Redis; nil: a private one.
        package var redis: String?
        /// The topology file.
        package var topology = "infra/topology.yaml"
        /// A file that gets the addresses and a key, as JSON, once everything is ready; removed at the end.
        package var readyFile: String?
        /// NDJSON with schedules to register and show; nil: none.
        package var examples: String?
        /// The directory of the sample flow, to be published and started every minute; nil: none.
        package var flowExample: String?
        /// The directory with the functions' programs.
        package var functions: String
        /// Stop after this time; nil: only when told to.
        package var duration: Duration?
        /// How long the functions may take to finish what they have begun when the runner stops.
        package var grace = Duration.seconds(15)
        /// How the console writes its lines.
        package var format = Console.Format.text
        /// The environment that functions inherit.
        package var environment: [String: String]

        /// The defaults given at each property.
        package init(functions: String, environment: [String: String]) {
            self.functions = functions
            self.environment = environment
        }
    }

    let configuration: Configuration
    let cloud: Cloud
    let console: Console
    /// The absolute path of the data directory.
    let data: String
    let topology: Topology
    let functions: FunctionSupervisor
    let servers: FunctionSupervisor
    /// Execution environments of Lambda functions.
    let environments: Fleet
    /// Lambda, once it has been started.
    let lambda = OneShot<LambdaService>()

    /// Runs until `stop` is requested, the duration has passed, or something needed fails; then stops everything it has
    /// started. Throws `TopologyMistakes` and `RunnerError`.
    package static func run(configuration: Configuration, cloud: Cloud, stop: StopRequests) async throws {
        // Each execution environment needs three.
        OpenFiles.raiseLimit()
        let console = Console(format: configuration.format, now: cloud.now)
        guard let text = LocalFile.text(configuration.topology) else {
            throw RunnerError(.setup, "cannot read the topology \(configuration.topology); name one with --topology")
        }
        let topology = try Topology(yaml: text, file: configuration.topology)
        try checkPrograms(
            of: topology, in: configuration.functions,
            more: configuration.sqsPort == nil && topology.sqsQueues.isEmpty && topology.lambdaFunctions.isEmpty
                ? [] : ["sqs"])
        try LocalFile.makeDirectory(configuration.data)
        guard let data = LocalFile.absolute(configuration.data) else {
            throw RunnerError.system("cannot open \(configuration.data)")
        }
        let lock = try DirectoryLock(directory: data)
        defer { withExtendedLifetime(lock) {} }
        for directory in ["pids", "logs", "metrics"] { try LocalFile.makeDirectory("\(data)/\(directory)") }
        let pidFiles = PidFiles(directory: "\(data)/pids")
        let leftovers = try await pidFiles.endLeftovers()
        if !leftovers.isEmpty {
            console.say("ended what an earlier run left: \(leftovers.sorted().joined(separator: ", "))")
        }
        let spawner = try Spawner()
        let up = Up(
            configuration: configuration, cloud: cloud, console: console, data: data, topology: topology,
            functions: FunctionSupervisor(fleet: Fleet(spawner: spawner, pidFiles: pidFiles), console: console),
            servers: FunctionSupervisor(fleet: Fleet(spawner: spawner, pidFiles: pidFiles), console: console),
            environments: Fleet(spawner: spawner, pidFiles: pidFiles))
        let outcome = await up.runUntilStopped(stop)
        await up.tearDown(hurry: stop.second)
        try outcome.get()
    }

    private func runUntilStopped(_ stop: StopRequests) async -> Result<Void, any Error> {
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run() }
            group.addTask { _ = await stop.first.wait() }
            if let duration = configuration.duration { group.addTask { try await Task.sleep(for: duration) } }
            let first = await group.nextResult() ?? .success(())
            if case .success = first { console.setStatus("") }
            console.say("stopping")
            group.cancelAll()
            // Beside the rest, which waits for invocations that callers wait for.
            await stopLambda(hurry: stop.second)
            return first
        }
    }

    private func tearDown(hurry: OneShot<Void>) async {
        if let file = configuration.readyFile { unsafe unlink(file) }
        await environments.killAll()
        await functions.stop(grace: configuration.grace, hurry: hurry)
        let children = servers.fleet.children
        for child in children where child.label == "postgres" { child.send(SIGINT) }
        let others = children.filter { $0.label != "postgres" }
        let isDone = await servers.fleet.stop(others, signal: SIGTERM, grace: .seconds(20))
        // SIGINT was sent above; signal 0 only waits.
        let isClosed = await servers.fleet.stop(children, signal: 0, grace: .seconds(isDone ? 20 : 1))
        if !isClosed {
            for child in servers.fleet.children where child.label == "postgres" { child.send(SIGQUIT) }
            if await !servers.fleet.stop(servers.fleet.children, signal: 0, grace: .seconds(5)) {
                await servers.fleet.killAll()
            }
        }
        console.say("stopped")
    }

    private static func checkPrograms(of topology: Topology, in directory: String, more: [String]) throws {
        let needed = ["api"] + more + topology.functions.filter { $0.command == nil }.map(\.name)
        let missing = needed.filter { !LocalFile.isExecutable("\(directory)/\($0)") }
        guard missing.isEmpty else {
            throw RunnerError(
                .setup,
                "no program \(missing.joined(separator: ", ")) in \(directory): run `make build`, "
                    + "or name their directory with --functions")
        }
    }
}
