import ArgumentParser
import LocalRunner
import Model
import SQS

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start everything and keep it running; Ctrl-C stops it in good order.",
        discussion: "A second Ctrl-C does not wait for calls under way. Data stays in the data directory.")

    @Option(help: "The directory of the servers' data.")
    var data = ".headgate"

    @Option(help: "The API's port; 0 picks a free one.")
    var port = 8_080

    @Option(help: "Serve the API of Amazon SQS on this port; 0 picks a free one (default: it is not served).")
    var sqsPort: Int?

    @Option(
        help: """
            Serve the API of AWS Lambda on this port, and that of SQS, too; 0 picks a free one (default: served on a free one \
            if the topology has Lambda functions).
            """)
    var lambdaPort: Int?

    @Option(help: "The account of SQS and Lambda, twelve digits.")
    var account = "000000000000"

    @Option(help: "The region of SQS and Lambda.")
    var region = "us-east-1"

    @Option(help: ArgumentHelp("A superuser's URL of a Postgres to use in place of a private one.", valueName: "url"))
    var postgres: String?

    @Option(help: ArgumentHelp("The URL of a Redis to use in place of a private one.", valueName: "url"))
    var redis: String?

    @Option(help: ArgumentHelp("The topology file (default: infra/topology.yaml).", valueName: "file"))
    var topology: String?

    @Option(
        help: ArgumentHelp("Gets the addresses and an admin's key, as JSON, once all is ready.", valueName: "file"))
    var readyFile: String?

    @Flag(
        help: """
            Register sample schedules that call a test target of the runner's own, and a sample flow that works on its \
            compute gateway; show what they do.
            """)
    var examples = false

    @Option(
        help: ArgumentHelp(
            "The directory of the functions' programs (default: that of local-runner).", valueName: "dir"))
    var functions: String?

    @Option(help: "Stop after this time, such as 30s.", transform: UpCommand.duration)
    var duration: Duration?

    @Option(help: "text (coloured on a terminal) or json.")
    var logFormat = Console.Format.text

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port: expected 0 to 65535, found \(port)") }
        if let sqsPort, !(0...65_535).contains(sqsPort) {
            throw ValidationError("--sqs-port: expected 0 to 65535, found \(sqsPort)")
        }
        if let lambdaPort, !(0...65_535).contains(lambdaPort) {
            throw ValidationError("--lambda-port: expected 0 to 65535, found \(lambdaPort)")
        }
        guard SQSRealm.isAccount(account) else {
            throw ValidationError("--account: expected twelve digits, found \(account)")
        }
        guard SQSRealm.isRegion(region) else {
            throw ValidationError("--region: expected a region such as us-east-1, found \(region)")
        }
    }

    func run() async throws {
        let installation = Installation.current
        var up = Up.Configuration(functions: functions ?? installation.programs, environment: installation.environment)
        up.data = data
        up.port = port
        up.sqsPort = sqsPort
        up.lambdaPort = lambdaPort
        up.account = account
        up.region = region
        up.postgres = postgres
        up.redis = redis
        up.topology = topology ?? installation.file("infra/topology.yaml")
        up.readyFile = readyFile
        up.examples = examples ? installation.file("local-runner/examples/tenants.ndjson") : nil
        up.flowExample = examples ? installation.directory("local-runner/examples/churn/flow.json") : nil
        up.duration = duration
        up.format = logFormat
        let configuration = up
        let stop = StopRequests()
        stop.takeSignals()
        try await LocalRunnerCommand.report {
            try await Up.run(configuration: configuration, cloud: .live(), stop: stop)
        }
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(text: text), duration > .zero else {
            throw ValidationError("expected a duration such as 30s or 5m, found \(text)")
        }
        return duration
    }
}

extension Console.Format: ExpressibleByArgument {}
