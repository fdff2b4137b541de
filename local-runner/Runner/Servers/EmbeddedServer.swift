/// A server that the runner keeps for its own installation.
package protocol EmbeddedServer: Sendable {
    /// `postgres` or `redis`.
    var label: String { get }
    /// What its functions connect to.
    var url: String { get }
    /// The process to start, at first and after a crash.
    var request: SpawnRequest { get }
    /// The signal that makes it stop in good order.
    var stopSignal: Int32 { get }

    /// True once it takes commands. Blocks for at most some seconds.
    func isReady() -> Bool
}
