import Glibc
package import Processes

/// A private Redis: on a free port of 127.0.0.1, with an append-only file at most a second behind, and without
/// eviction.
package struct EmbeddedRedis: EmbeddedServer {
    /// Where its append-only file is.
    package let directory: String
    /// The port it listens on.
    package let port: Int

    /// Prepares the directory and chooses a port. Throws if `redis-server` is missing.
    package init(directory: String) throws {
        guard ["/usr/bin", "/usr/local/bin", "/bin"].contains(where: { LocalFile.isExecutable("\($0)/redis-server") })
        else {
            throw RunnerError(
                .setup, "redis-server is not installed: run infra/scripts/setup.sh, or name a server with --redis")
        }
        try LocalFile.makeDirectory(directory, mode: 0o700)
        guard let port = LoopbackSocket.freePort() else { throw RunnerError.system("no free port for Redis") }
        self.directory = directory
        self.port = port
    }

    /// `redis`.
    package var label: String { "redis" }
    /// The URL, without a password.
    package var url: String { "redis://127.0.0.1:\(port)" }
    /// SIGTERM: writes out the append-only file and exits.
    package var stopSignal: Int32 { SIGTERM }

    /// The server's process.
    package var request: SpawnRequest {
        let settings = [
            ("bind", "127.0.0.1"), ("port", String(port)), ("dir", directory), ("daemonize", "no"), ("logfile", ""),
            ("appendonly", "yes"), ("appendfsync", "everysec"), ("save", ""), ("maxmemory", "2gb"),
            // Under load the file grows by the size of the data every few seconds; rewriting it each time costs half a
            // core.
            ("auto-aof-rewrite-min-size", "1gb"),
            // A small sorted set is a list, which every change searches from the start: the ready and in-flight sets
            // are small and change all the time.
            ("zset-max-listpack-entries", "0"),
            ("maxmemory-policy", "noeviction"),
        ]
        return SpawnRequest(
            label: label, executable: "redis-server", arguments: settings.flatMap { ["--\($0.0)", $0.1] },
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"])
    }

    /// Whether it answers `PING` with `PONG`.
    package func isReady() -> Bool {
        guard let socket = LoopbackSocket(port: port), socket.send(Array("PING\r\n".utf8)) else { return false }
        // It answers `-LOADING …` while it reads its file.
        return socket.receive().starts(with: "+PONG".utf8)
    }
}
