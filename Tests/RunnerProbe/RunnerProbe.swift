import Glibc
import LocalRunner
import Model
import Processes

/// A runner to be killed by tests.
///
/// `runner-probe spawn PROGRAM ARGUMENT…` starts a program as the runner does and waits for its end.
/// `runner-probe up DATA FUNCTIONS TOPOLOGY READY` runs `up` with real servers and a product that only pretends: nothing is
/// migrated, and whatever call is made is answered 200.
@main enum RunnerProbe {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        switch words.first {
        case "spawn":
            let request = SpawnRequest(
                label: "probe", executable: words[2], arguments: Array(words.dropFirst(2)), environment: environment)
            let child = try await Spawner().start(
                request,
                output: { line in
                    guard let line else { return }
                    print(line)
                    // Through a pipe, lines would wait for a full buffer.
                    fflush(nil)
                })
            _ = await child.exit.wait()
        case "up":
            var configuration = Up.Configuration(functions: words[3], environment: environment)
            configuration.data = words[2]
            configuration.topology = words[4]
            configuration.readyFile = words[5]
            configuration.port = 0
            // Only a second wish to stop shortens it.
            configuration.grace = .seconds(600)
            let stop = StopRequests()
            stop.takeSignals()
            do {
                try await Up.run(configuration: configuration, cloud: .pretended, stop: stop)
            } catch {
                print(error)
                exit(1)
            }
        default: exit(64)
        }
    }
}

extension Cloud {
    static let pretended = Cloud(
        migrate: { url, _, _ in DatabaseURLs(api: url, engine: url) }, bootstrapKey: { _ in "hg_probe" },
        backlog: { _, _ in { [:] } }, queues: { _, _, _, _ in throw CancellationError() }, http: Agreeable(),
        now: { .epoch })
}

/// Answers 200 to every call.
struct Agreeable: HTTPCalls {
    func call(
        method: String, url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) async throws -> (status: Int, body: [UInt8]) {
        (200, Array("{}".utf8))
    }
}
