package import Processes

/// A server that the runner runs for its own installation.
package protocol EmbeddedServer: Sendable {
    /// `postgres` or `redis`.
    var label: String { get }
    /// What functions connect to.
    var url: String { get }
    /// The process to start, the first time and after a crash.
    var request: SpawnRequest { get }
    /// The signal that stops it cleanly.
    var stopSignal: Int32 { get }

    /// Whether it accepts commands. Blocks for at most a few seconds.
    func isReady() -> Bool
}
