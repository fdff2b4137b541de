import Glibc
import Model
import Processes

/// Starts a server, waits until it accepts commands, and keeps it running. Its output goes to `logs/NAME.log`, not to
/// the terminal.
package struct ServerKeeper: Sendable {
    let supervisor: FunctionSupervisor
    let logs: String

    /// Starts the server and waits until it is ready, at most a minute. If it ends before that, throws the last lines
    /// of its log.
    func start(_ server: any EmbeddedServer) async throws -> ChildProcess {
        let tail = LineTail(limit: 5)
        let file = try ServerLog(path: "\(logs)/\(server.label).log", isNew: true)
        let child = try await supervisor.fleet.start(server.request) { line in
            tail.append(line)
            file.append(line)
        }
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !DetachedThread.value(of: { server.isReady() }) {
            if let status = child.exit.value {
                _ = await tail.ended.wait(for: .seconds(1))
                let lines = tail.lines.joined(separator: "\n  ")
                throw RunnerError(.failed, "\(server.label) ended while it started (\(status)):\n  \(lines)")
            }
            guard ContinuousClock.now < deadline else {
                throw RunnerError(
                    .failed, "\(server.label) is not ready after a minute; see \(logs)/\(server.label).log")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return child
    }

    /// Restarts the server, on the same port and data, whenever it ends.
    func keep(_ server: any EmbeddedServer, running child: ChildProcess) async throws {
        let file = try ServerLog(path: "\(logs)/\(server.label).log", isNew: false)
        try await supervisor.keep(server.request, output: { file.append($0) }, first: child)
    }
}

/// A file for a server's output.
private final class ServerLog: Sendable {
    private let descriptor: Int32

    init(path: String, isNew: Bool) throws {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (isNew ? O_TRUNC : 0), 0o600)
        guard descriptor >= 0 else { throw RunnerError.system("cannot write \(path)") }
    }

    deinit { close(descriptor) }

    func append(_ line: String?) {
        guard let line else { return }
        let bytes = Array("\(line)\n".utf8)
        // A full disk loses log lines; the server will complain louder than its log could.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
}
