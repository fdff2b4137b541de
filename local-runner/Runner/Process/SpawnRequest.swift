/// A process to start.
package struct SpawnRequest: Equatable, Sendable {
    /// The name that prefixes its lines and its pid file: `trigger-worker-2`.
    package var label: String
    /// A path, or a name to be found in `PATH`.
    package var executable: String
    package var arguments: [String]
    /// All of its environment; `HEADGATE_LIFELINE` is added.
    package var environment: [String: String]
    /// The signal that the kernel sends it when the runner dies: its name without `SIG`.
    package var deathSignal = "KILL"
    /// The system user that it runs as; nil for the runner's own.
    package var user: String?

    package init(label: String, executable: String, arguments: [String] = [], environment: [String: String]) {
        self.label = label
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// The command line. `setpriv --pdeathsig` comes after the change of user, which would clear the death signal.
    package var commandLine: [String] {
        var words: [String] = []
        if let user { words = ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--init-groups", "--"] }
        words += ["setpriv", "--pdeathsig", deathSignal, "--", executable]
        return words + arguments
    }
}
