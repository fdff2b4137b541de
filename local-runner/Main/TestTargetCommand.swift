import ArgumentParser
import LocalRunner
import Processes
import TestTarget

struct TestTargetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-target",
        abstract: "Run an HTTP sink that counts, fails, delays and answers as its paths say.",
        discussion: """
            /ok, and any other path: 200      /status/503/…: that status      /slow/2s/…: 200 after that time
            /once/503/…: 503 to the first call of an Idempotency-Key, then 200
            /flaky/3/503/…: 503 to the first 3 calls of a key, then 200
            /echo/…: the request as JSON      /close/…: drops the connection
            GET /_stats, GET /_recent?after=N, POST /_reset
            """)

    @Option(help: "The port on 127.0.0.1; 0 picks a free one.")
    var port = 8_099

    @Option(
        help: ArgumentHelp(
            "Append a line per request: unix µs, path, idempotency key, Headgate-Fire-Time.", valueName: "file"))
    var log: String?

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port: expected 0 to 65535, found \(port)") }
    }

    func run() async throws {
        let stop = StopRequests()
        stop.takeSignals()
        try await LocalRunnerCommand.report {
            let now = Cloud.live().now
            let target: TargetServer
            do {
                target = try await TargetServer.start(port: port, logFile: log, now: now)
            } catch {
                throw RunnerError(.busy, "cannot listen on 127.0.0.1:\(port), choose another with --port: \(error)")
            }
            Console(format: .text, now: now).say("test target listening on http://127.0.0.1:\(target.port)")
            _ = await stop.first.wait()
            try await target.stop()
        }
    }
}
