import Synchronization

/// Runs short programs (`initdb`, `test`) to their end.
package struct CommandRunner: Sendable {
    private let fleet: Fleet

    /// A runner whose programs belong to a fleet while they run.
    package init(fleet: Fleet) { self.fleet = fleet }

    /// Runs a program; if it fails, throws with its last lines.
    package func run(_ program: String, _ arguments: [String], environment: [String: String], user: String? = nil)
        async throws
    {
        let result = try await finish(program, arguments, environment, user)
        guard result.status == .exited(0) else {
            let tail = result.lines.suffix(5).joined(separator: "\n  ")
            throw RunnerError(.failed, "\(program) failed (\(result.status)):\n  \(tail)")
        }
    }

    /// Whether a program ends with exit code 0.
    package func succeeds(
        _ program: String, _ arguments: [String], environment: [String: String], user: String? = nil
    ) async throws -> Bool {
        try await finish(program, arguments, environment, user).status == .exited(0)
    }

    /// What the program printed; nil if it failed.
    package func output(of program: String, _ arguments: [String], environment: [String: String]) async throws
        -> String?
    {
        let result = try await finish(program, arguments, environment, nil)
        return result.status == .exited(0) ? result.lines.joined(separator: "\n") : nil
    }

    private func finish(
        _ program: String, _ arguments: [String], _ environment: [String: String], _ user: String?
    ) async throws -> (status: ProcessExit, lines: [String]) {
        let name = program.split(separator: "/").last.map(String.init) ?? program
        var request = SpawnRequest(label: name, executable: program, arguments: arguments, environment: environment)
        request.user = user
        let lines = LineTail(limit: 200)
        let child = try await fleet.start(request) { lines.append($0) }
        guard let status = await child.exit.wait() else {
            child.killGroup()
            throw CancellationError()
        }
        // The last lines may still be in the pipe.
        _ = await lines.ended.wait()
        return (status, lines.lines)
    }
}
