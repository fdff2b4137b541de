package import FunctionRuntime
private import Logging
package import Queue

/// Leases messages of a queue until the function is asked to stop.
package struct Receiver: Sendable {
    private let runtime: FunctionRuntime
    private let queue: any MessageQueue
    private let visibility: Duration
    private let afterReceive: @Sendable () throws -> Void

    /// A receiver of one queue.
    ///
    /// - Parameters:
    ///   - visibility: how long each lease lasts.
    ///   - afterReceive: called when messages were leased, before they are returned; if it throws they are left until
    ///     their leases lapse. For failpoints.
    package init(
        _ runtime: FunctionRuntime, queue: any MessageQueue, visibility: Duration,
        afterReceive: @escaping @Sendable () throws -> Void = {}
    ) {
        self.runtime = runtime
        self.queue = queue
        self.visibility = visibility
        self.afterReceive = afterReceive
    }

    /// Leases up to `limit` messages; waits up to 20 s, or as long as the function may still run, for the first. A
    /// request to stop ends the wait.
    ///
    /// If the queue cannot be reached it logs that, pauses for half a second, and returns none.
    package func receive(upTo limit: Int) async -> [ReceivedMessage] {
        let life = runtime.life
        let wait = max(.milliseconds(1), min(QueueRules.maximumWait, life.timeLeft))
        let receiving = Task { () -> [ReceivedMessage] in
            do {
                let received = try await queue.receive(upTo: limit, visibility: visibility, wait: wait)
                if !received.isEmpty { try afterReceive() }
                return received
            } catch {
                runtime.logger.warning("cannot receive: \(error)")
                await life.sleep(.milliseconds(500))
                return []
            }
        }
        let watching = Task {
            await life.nextRequest()
            receiving.cancel()
        }
        if life.isAskedToStop { receiving.cancel() }
        let received = await receiving.value
        watching.cancel()
        return received
    }
}
