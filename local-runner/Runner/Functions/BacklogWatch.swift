import Synchronization

/// The depth of the queues, read again at every tick.
package final class BacklogWatch: Sendable {
    private let read: @Sendable () async throws -> [String: QueueDepth]
    private let console: Console
    private let tick: Duration
    private let latest = Mutex<[String: QueueDepth]?>(nil)

    /// A watch that has read nothing yet; `read` returns the depth by queue name.
    package init(
        read: @escaping @Sendable () async throws -> [String: QueueDepth], console: Console, tick: Duration
    ) {
        self.read = read
        self.console = console
        self.tick = tick
    }

    /// The depth of these queues together; nil while unknown.
    package func depth(of queues: [String]) -> QueueDepth? {
        guard let latest = latest.withLock({ $0 }) else { return nil }
        return queues.compactMap { latest[$0] }.reduce(QueueDepth(ready: 0, inFlight: 0)) { sum, depth in
            QueueDepth(ready: sum.ready + depth.ready, inFlight: sum.inFlight + depth.inFlight)
        }
    }

    /// Reads until the task is cancelled. A failure makes the depth unknown, and is reported once until reading works
    /// again.
    package func watch() async throws {
        var isFailing = false
        while true {
            do {
                let depths = try await read()
                latest.withLock { $0 = depths }
                if isFailing { console.say("the queues can be read again") }
                isFailing = false
            } catch {
                try Task.checkCancellation()
                latest.withLock { $0 = nil }
                if !isFailing { console.say("cannot read the queues: \(error); keeping the least number of functions") }
                isFailing = true
            }
            try await Task.sleep(for: tick)
        }
    }
}
