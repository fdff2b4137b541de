import Glibc
package import Processes

/// A private Postgres: on a free port of 127.0.0.1, with passwords (SCRAM) and without a Unix socket, as durable as a
/// production server.
package struct EmbeddedPostgres: EmbeddedServer {
    /// The port it listens on.
    package let port: Int
    /// The cluster's directory.
    package let cluster: String
    /// The superuser's password.
    package let password: String
    /// The system user that it runs as if the runner is root, which Postgres refuses to run as.
    let user: String?
    let binaries: String
    /// `lz4` if this Postgres was built with it, otherwise `on`.
    let compression: String

    /// `postgres`.
    package var label: String { "postgres" }
    /// The superuser's URL, with the password.
    package var url: String { "postgres://postgres:\(password)@127.0.0.1:\(port)/postgres" }
    /// SIGINT: a fast shutdown, which ends sessions and writes a checkpoint.
    package var stopSignal: Int32 { SIGINT }

    /// The server's process, whose settings are those of a small production server.
    package var request: SpawnRequest {
        let settings = [
            ("listen_addresses", "127.0.0.1"), ("port", String(port)), ("unix_socket_directories", ""),
            ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"),
            ("shared_buffers", "512MB"), ("max_wal_size", "4GB"), ("checkpoint_timeout", "15min"),
            ("wal_compression", compression), ("max_connections", "100"), ("autovacuum", "on"),
            ("logging_collector", "off"), ("log_destination", "stderr"), ("cluster_name", "headgate"),
            ("timezone", "UTC"), ("log_timezone", "UTC"),
        ]
        var request = SpawnRequest(
            label: label, executable: "\(binaries)/postgres",
            arguments: ["-D", cluster] + settings.flatMap { ["-c", "\($0.0)=\($0.1)"] },
            environment: EmbeddedPostgres.environment)
        request.user = user
        // SIGKILL would leave shared memory and a postmaster.pid behind.
        request.deathSignal = "QUIT"
        return request
    }

    /// Sends the first message of a session. A server that takes sessions answers with a request for a password, one
    /// that is starting with an error (protocol 3.0: "Start-up" in Postgres's "Frontend/Backend Protocol").
    package func isReady() -> Bool {
        let parameters = Array("user\0postgres\0database\0postgres\0\0".utf8)
        let length = UInt8(8 + parameters.count)
        guard let socket = LoopbackSocket(port: port), socket.send([0, 0, 0, length, 0, 3, 0, 0] + parameters) else {
            return false
        }
        return socket.receive().first == UInt8(ascii: "R")
    }

    static let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
}
