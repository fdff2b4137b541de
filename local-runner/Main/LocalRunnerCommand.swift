import ArgumentParser
import Glibc
import LocalRunner
import Processes
import TopologyFile

@main struct LocalRunnerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local-runner",
        abstract: "Headgate on one machine: a private Postgres and Redis, and every function.",
        discussion: """
            Exit codes: 0 stopped as asked; 1 something needed failed; 64 the command line, a file or the machine needs \
            mending; 75 the data directory or a port is in use.
            """,
        subcommands: [UpCommand.self, TestTargetCommand.self, ComputeGatewayCommand.self])

    /// Runs a command's work; a failure becomes a message on standard error and an exit code.
    static func report(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let mistakes as TopologyMistakes {
            complain(mistakes.description)
            throw ExitCode(64)
        } catch let error as RunnerError {
            complain("local-runner: \(error)")
            switch error.code {
            case .setup: throw ExitCode(64)
            case .busy: throw ExitCode(75)
            case .failed: throw ExitCode(1)
            }
        } catch {
            complain("local-runner: \(error)")
            throw ExitCode(1)
        }
    }

    private static func complain(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        // With standard error closed there is nobody to tell.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}
