import ArgumentParser
import FunctionRuntime
import Glibc
import Logging
import Model
import Redis
import SQS
import SQSFunction
import Wiring

@main struct SQSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sqs", abstract: "Serve the API of Amazon SQS.",
        discussion: FunctionHelp.settings + """
             HEADGATE_SQS_KEYS lists the keys whose signatures are accepted, as ID:SECRET or ID:SECRET:TOKEN, separated by commas; \
            without it no signature is checked. This function also exits with 75: it cannot listen on its port.
            """)

    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port; 0 picks a free one.") var port = 9_324
    @Option(help: "The account of requests that are not signed with a key of twelve digits.") var account =
        "000000000000"
    @Option(help: "The region of requests that name no other.") var region = "us-east-1"

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port: expected 0 to 65535, found \(port)") }
        guard SQSRealm.isAccount(account) else {
            throw ValidationError("--account: expected twelve digits, found \(account)")
        }
        guard SQSRealm.isRegion(region) else {
            throw ValidationError("--region: expected a region such as us-east-1, found \(region)")
        }
    }

    func run() async throws {
        let runtime = FunctionRuntime.start("sqs", needs: [.redis])
        var configuration = SQSEndpoint.Configuration()
        configuration.realm = SQSRealm(account: account, region: region)
        if let text = FunctionSettings.variable("HEADGATE_SQS_KEYS"), !text.isEmpty {
            guard let keys = SignatureV4.Key.list(text) else {
                throw ValidationError(
                    "HEADGATE_SQS_KEYS: expected ID:SECRET or ID:SECRET:TOKEN, separated by commas, each ID once")
            }
            configuration.keys = keys
        }
        runtime.logger.info(
            configuration.keys.isEmpty ? "signatures are not checked" : "signatures are checked",
            metadata: ["account": "\(account)", "region": "\(region)", "keys": "\(configuration.keys.count)"])
        // A server that evicts keys would lose messages, and keep what refers to them.
        let server = RedisServer(url: runtime.settings.redisURL)
        let objection = await runtime.retryUntilSuccess("cannot reach Redis") { try await server.evictionProblem() }
        if let objection = objection ?? nil {
            runtime.logger.critical("\(objection)")
            throw ExitCode(FunctionRuntime.ExitCode.usage)
        }
        let troubles = TroubleLog(runtime)
        let endpoint = SQSEndpoint(
            store: RedisSQSStore(url: runtime.settings.redisURL, report: { troubles.report($0) }),
            configuration: configuration, clock: { WallClock.now() }, report: { troubles.report($0) })
        do {
            try await SQSServer(runtime, endpoint: endpoint).run(host: host, port: port)
        } catch is SQSServer.CannotListen {
            throw ExitCode(FunctionRuntime.ExitCode.unavailable)
        }
    }
}
