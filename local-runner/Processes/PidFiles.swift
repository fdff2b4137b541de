import Glibc

/// Records the processes that a data directory's runner has started, so that the next one can end what a killed runner
/// left behind.
package struct PidFiles: Sendable {
    /// One file per process, `LABEL.PID`.
    package let directory: String

    /// Uses a directory that exists.
    package init(directory: String) { self.directory = directory }

    /// Records a process that was just started from this program.
    package func add(_ child: ChildProcess, executable: String) throws {
        // It may have ended already; then there is nothing to record.
        guard var identity = ProcessIdentity.current(child.pid) else { return }
        let program = executable.split(separator: "/").last.map(String.init) ?? executable
        identity.name = String(decoding: program.utf8.prefix(15), as: UTF8.self)
        // After a loss of power there is no process to end.
        try LocalFile.write(identity.line + "\n", to: path(child), isDurable: false)
    }

    /// Removes the record of a process that has ended.
    package func remove(_ child: ChildProcess) { unsafe unlink(path(child)) }

    /// Ends the processes recorded by an earlier runner that are still running, and removes all records. Returns their
    /// names. So end also what they have started in their process groups: the kernel ends only themselves with a runner that
    /// is killed.
    ///
    /// Postgres gets SIGQUIT (stop at once, recover at the next start), the others SIGKILL.
    package func endLeftovers() async throws -> [String] {
        var ended: [String] = []
        for name in LocalFile.names(in: directory) {
            let path = "\(directory)/\(name)"
            defer { unsafe unlink(path) }
            guard let identity = LocalFile.text(path).flatMap(ProcessIdentity.init(line:)) else { continue }
            // Postgres ends its own processes, which lead groups of their own.
            if identity.name != "postgres" { ended += identity.endGroup() }
            guard identity.isAlive else { continue }
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
