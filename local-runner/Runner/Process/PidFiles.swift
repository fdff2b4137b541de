import Glibc

/// The processes that the runner of a data directory has started, written down so that the next one can end what a killed
/// one may have left.
package struct PidFiles: Sendable {
    package let directory: String

    package init(directory: String) { self.directory = directory }

    /// Notes a process that was just started from that program.
    package func add(_ child: ChildProcess, executable: String) throws {
        // It may have ended already; then there is nothing to note.
        guard var identity = ProcessIdentity.current(child.pid) else { return }
        let program = executable.split(separator: "/").last.map(String.init) ?? executable
        identity.name = String(decoding: program.utf8.prefix(15), as: UTF8.self)
        try LocalFile.write(identity.line + "\n", to: path(child))
    }

    package func remove(_ child: ChildProcess) { unsafe unlink(path(child)) }

    /// Ends the processes noted by an earlier runner that still run, and forgets all of them. Returns their names.
    ///
    /// A Postgres gets SIGQUIT (stop at once, recover at the next start), the others SIGKILL.
    package func endLeftovers() async throws -> [String] {
        var ended: [String] = []
        for name in LocalFile.names(in: directory) {
            let path = "\(directory)/\(name)"
            defer { unsafe unlink(path) }
            guard let identity = LocalFile.text(path).flatMap(ProcessIdentity.init(line:)), identity.isAlive else {
                continue
            }
            ended.append("\(identity.name) (\(identity.pid))")
            kill(identity.pid, identity.name == "postgres" ? SIGQUIT : SIGKILL)
            let deadline = ContinuousClock.now + .seconds(10)
            while identity.isAlive {
                guard ContinuousClock.now < deadline else {
                    throw RunnerError(
                        .busy,
                        "\(identity.name) (pid \(identity.pid)), left by an earlier run, does not end; end it first")
                }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        return ended
    }

    private func path(_ child: ChildProcess) -> String { "\(directory)/\(child.label).\(child.pid)" }
}
