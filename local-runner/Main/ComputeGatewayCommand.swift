import ArgumentParser
import ComputeGateway
import Curl
import Dispatch
import Glibc
import LocalRunner
import Model
import Processes

struct ComputeGatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compute-gateway",
        abstract: "Run a small compute service that trains models and reports by callback.",
        discussion: """
            POST /v1/transform, /v1/train, /v1/evaluate, /v1/register with Idempotency-Key: execution/step/attempt,
            Headgate-Step: execution/step and {"inputs": {…}, "callback": "http://…"}; POST /v1/cancel ends a step
            PUT /behavior {"step": "train", "mode": "slow|fail|twice|vanish|refuse|normal", "times": 3, "delay": "5s",
            "tenant": "acme"}: what goes wrong with the next works
            GET /behavior, GET /stats, GET /healthz
            """)

    @Option(help: "The port on 127.0.0.1; 0 picks a free one.")
    var port = 8_098

    @Option(help: ArgumentHelp("Where models and results are kept; created if need be.", valueName: "directory"))
    var directory: String

    @Option(help: ArgumentHelp("A further directory from which files may be read; repeatable.", valueName: "directory"))
    var data: [String] = []

    @Option(help: ArgumentHelp("Every work waits so long before it computes: 200ms, 5s.", valueName: "duration"))
    var delay = "0s"

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port: expected 0 to 65535, found \(port)") }
        guard Duration(text: delay) != nil else {
            throw ValidationError("--delay: expected a duration such as 200ms or 5s, found \(delay)")
        }
    }

    func run() async throws {
        let stop = StopRequests()
        stop.takeSignals()
        if let lifeline = Installation.current.environment["HEADGATE_LIFELINE"].flatMap({ Int32($0) }) {
            stop.follow(lifeline)
        }
        try await LocalRunnerCommand.report {
            var configuration = GatewayServer.Configuration(directory: directory)
            configuration.port = port
            configuration.data = data
            configuration.delay = Duration(text: delay) ?? .zero
            let http = HTTPClient()
            let server: GatewayServer
            do {
                server = try await GatewayServer.start(configuration, http: http)
            } catch let error as GatewayError {
                throw RunnerError(.setup, error.message)
            } catch {
                throw RunnerError(.busy, "cannot listen on 127.0.0.1:\(port), choose another with --port: \(error)")
            }
            let now = Cloud.live().now
            Console(format: .text, now: now).say("compute gateway listening on http://127.0.0.1:\(server.port)")
            _ = await stop.first.wait()
            try await server.stop()
            http.close()
        }
    }
}

extension StopRequests {
    /// Requests a stop when the descriptor, a pipe of whoever started the process, reaches its end; for the rest of the
    /// process's life.
    fileprivate func follow(_ lifeline: Int32) {
        let source = DispatchSource.makeReadSource(fileDescriptor: lifeline, queue: .global())
        source.setEventHandler {
            var byte: UInt8 = 0
            // Nothing is ever written into it, so what can be read is its end.
            guard unsafe read(lifeline, &byte, 1) == 0 else { return }
            source.cancel()
            self.request()
        }
        source.resume()
        // Never released: a source without an owner would be cancelled.
        _ = unsafe Unmanaged.passRetained(source as AnyObject)
    }
}
