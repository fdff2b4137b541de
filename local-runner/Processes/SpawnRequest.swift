/// A process to start.
package struct SpawnRequest: Equatable, Sendable {
    /// The name that prefixes its lines and its pid file: `trigger-worker-2`.
    package var label: String
    /// A path, or a name to look up in `PATH`.
    package var executable: String
    /// The arguments after the program's name.
    package var arguments: [String]
    /// Its complete environment; `HEADGATE_LIFELINE` is added.
    package var environment: [String: String]
    /// Its working directory; nil: the runner's own.
    package var directory: String?
    /// The signal that the kernel sends it when the runner dies, by its name without `SIG`.
    package var deathSignal = "KILL"
    /// The system user to run it as; nil: the runner's own.
    package var user: String?

    /// A process of the runner's user, killed when the runner dies.
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
