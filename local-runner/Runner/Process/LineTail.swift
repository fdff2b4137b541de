import Synchronization

/// The last lines of a process's output.
package final class LineTail: Sendable {
    /// Resolved when the output has ended.
    package let ended = OneShot<Void>()

    private let limit: Int
    private let kept = Mutex<[String]>([])

    package init(limit: Int) { self.limit = limit }

    package var lines: [String] { kept.withLock { $0 } }

    /// Takes a line, or nil for the end of the output.
    package func append(_ line: String?) {
        guard let line else { return ended.resolve(()) }
        kept.withLock { kept in
            if kept.count == limit { kept.removeFirst() }
            kept.append(line)
        }
    }
}
