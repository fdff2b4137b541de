import Glibc
import Model
package import Processes

extension EmbeddedPostgres {
    /// Creates the cluster below `directory` if there is none yet, and removes what a killed server left in it.
    ///
    /// Postgres refuses to run as root. For root the cluster belongs to the system user `postgres`, and is placed in
    /// `/var/tmp` if that user cannot reach `directory`; `say` reports that.
    package static func prepare(
        directory: String, runner: CommandRunner, say: @Sendable (String) -> Void
    ) async throws -> EmbeddedPostgres {
        try LocalFile.makeDirectory(directory)
        let user = geteuid() == 0 ? "postgres" : nil
        var home = "\(directory)/postgres"
        if let user { home = try await reachableHome(directory, for: user, runner: runner, say: say) }
        try LocalFile.makeDirectory(home, mode: 0o700)
        if let user { try give(home, to: user) }

        let cluster = "\(home)/cluster"
        let installation = try PostgresInstallation.find(cluster: cluster)
        let passwordFile = "\(directory)/postgres.password"
        // The cluster is elsewhere, and the data directory it belonged to was removed: its owner wants a new one.
        if home != "\(directory)/postgres", LocalFile.text(passwordFile) == nil {
            try await runner.run("rm", ["-rf", cluster], environment: environment)
        }
        if LocalFile.text("\(cluster)/PG_VERSION") == nil {
            say("making a Postgres \(installation.version) cluster in \(cluster) (once)")
            let password = randomPassword()
            try LocalFile.write(password, to: passwordFile)
            try await initialize(cluster, in: home, password, installation, user: user, runner: runner)
        }
        guard let password = LocalFile.text(passwordFile), !password.isEmpty else {
            throw RunnerError(
                .setup, "\(passwordFile) is missing, the password of \(cluster): remove both to begin anew")
        }
        try await clearAfterCrash(cluster)
        guard let port = LoopbackSocket.freePort() else { throw RunnerError.system("no free port for Postgres") }
        let configuration = try await runner.output(
            of: "\(installation.binaries)/pg_config", ["--configure"], environment: environment)
        return EmbeddedPostgres(
            port: port, cluster: cluster, password: password, user: user, binaries: installation.binaries,
            compression: configuration?.contains("--with-lz4") == true ? "lz4" : "on")
    }

    /// 32 random hexadecimal digits from the system's generator.
    package static func randomPassword() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<32).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }.joined()
    }

    /// Runs `initdb` into a directory of another name, which is renamed when complete: if the run is killed, the next
    /// one starts over.
    private static func initialize(
        _ cluster: String, in home: String, _ password: String, _ installation: PostgresInstallation, user: String?,
        runner: CommandRunner
    ) async throws {
        let unfinished = "\(cluster).new"
        let passwordFile = "\(home)/password"
        try await runner.run("rm", ["-rf", unfinished], environment: environment)
        try LocalFile.write(password, to: passwordFile)
        defer { unsafe unlink(passwordFile) }
        if let user { try give(passwordFile, to: user) }
        try await runner.run(
            "\(installation.binaries)/initdb",
            [
                "-D", unfinished, "-U", "postgres", "--auth=scram-sha-256", "--pwfile=\(passwordFile)", "-E", "UTF8",
                "--no-locale", "--no-instructions",
            ], environment: environment, user: user)
        guard unsafe rename(unfinished, cluster) == 0 else { throw RunnerError.system("cannot rename \(unfinished)") }
    }

    /// `DIRECTORY/postgres`, or a directory below `/var/tmp` if `user` cannot pass through the directories above it.
    private static func reachableHome(
        _ directory: String, for user: String, runner: CommandRunner, say: @Sendable (String) -> Void
    ) async throws -> String {
        let canEnter = try await runner.succeeds("test", ["-x", directory], environment: environment, user: user)
        if canEnter { return "\(directory)/postgres" }
        var hash = StableHash()
        hash.combine(directory)
        let home = "/var/tmp/headgate-\(String(hash.value, radix: 16))"
        // Anyone may write to /var/tmp: whatever is there must be the server user's own directory.
        var status = stat()
        if unsafe lstat(home, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR, try owner(of: user).user == status.st_uid else {
                throw RunnerError(
                    .setup, "\(home) is not a directory of the user \(user): remove it, or choose another --data")
            }
        }
        say("the user \(user) cannot reach \(directory); its Postgres cluster is in \(home)")
        return home
    }

    private static func owner(of user: String) throws -> (user: uid_t, group: gid_t) {
        guard let entry = unsafe getpwnam(user) else {
            throw RunnerError(
                .setup, "there is no system user \(user), as which root runs Postgres: run infra/scripts/setup.sh")
        }
        return unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    private static func give(_ path: String, to user: String) throws {
        let owner = try owner(of: user)
        guard unsafe lchown(path, owner.user, owner.group) == 0 else {
            throw RunnerError.system("cannot give \(path) to \(user)")
        }
    }

    /// Waits for the last processes of a killed server, and removes its `postmaster.pid`, whose pid may belong to
    /// another process by now. Server processes are recognised by their working directory, the cluster; while one lives
    /// the file must stay.
    private static func clearAfterCrash(_ cluster: String) async throws {
        let path = "\(cluster)/postmaster.pid"
        guard let text = LocalFile.text(path) else { return }
        let resolved = LocalFile.absolute(cluster) ?? cluster
        let deadline = ContinuousClock.now + .seconds(10)
        if let postmaster = text.split(separator: "\n").first.flatMap({ pid_t($0) }), isServer(postmaster, of: resolved)
        {
            kill(postmaster, SIGQUIT)
        }
        while LocalFile.names(in: "/proc").compactMap(pid_t.init).contains(where: { isServer($0, of: resolved) }) {
            guard ContinuousClock.now < deadline else {
                throw RunnerError(.busy, "another Postgres is running in \(cluster); end it first")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        unsafe unlink(path)
    }

    private static func isServer(_ pid: pid_t, of cluster: String) -> Bool {
        LocalFile.link("/proc/\(pid)/cwd") == cluster && ProcessIdentity.current(pid)?.name == "postgres"
    }
}
