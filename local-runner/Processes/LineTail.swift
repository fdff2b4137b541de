import Synchronization

/// The last lines of a process's output.
package final class LineTail: Sendable {
    /// Resolves when the output has ended.
    package let ended = OneShot<Void>()

    private let limit: Int
    private let kept = Mutex<[String]>([])

    /// Keeps the last `limit` lines.
    package init(limit: Int) { self.limit = limit }

    /// The lines kept, oldest first.
    package var lines: [String] { kept.withLock { $0 } }

    /// Adds a line; nil marks the end of the output.
    package func append(_ line: String?) {
        guard let line else { return ended.resolve(()) }
        kept.withLock { kept in
            if kept.count == limit { kept.removeFirst() }
            kept.append(line)
        }
    }
}
