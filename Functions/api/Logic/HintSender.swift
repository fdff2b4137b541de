import FunctionRuntime
import Logging
import Model
import Queue

/// Says that executions have something to do. A lost hint costs a few seconds: a start has a wake, and the monitor looks
/// for arrivals.
struct HintSender: Sendable {
    private let queue: any MessageQueue
    private let logger: Logger

    init(_ queue: any MessageQueue, logger: Logger) {
        self.queue = queue
        self.logger = logger
    }

    func send(_ ids: [ExecutionID], _ tenant: TenantID) async {
        if ids.isEmpty { return }
        do {
            _ = try await queue.send(ids.map { StepHint.message($0, tenant: tenant) })
        } catch {
            logger.warning("cannot send \(ids.count) hints: \(error)")
        }
    }
}
