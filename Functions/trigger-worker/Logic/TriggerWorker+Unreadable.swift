import FunctionRuntime
import Logging
import Model
import Queue
import Telemetry

/// Messages that this worker cannot read.
extension TriggerWorker {
    /// Buries a message that cannot be read, or whose action cannot.
    func unreadable(_ message: ReceivedMessage, _ reason: String, tenant: TenantID? = nil) -> Settlement {
        var metadata: Logger.Metadata = ["id": "\(message.id)"]
        if let tenant { metadata["tenant"] = "\(tenant)" }
        runtime.logger.error("\(reason)", metadata: metadata)
        runtime.metrics.count(.workerUnreadable)
        let notice = BurialNotice.line(id: message.id, generation: message.generation, reason: reason)
        return Settlement(message.receipt, .bury(reason: reason), outcome: notice)
    }

    /// Leaves a message of a later version to a worker of that version (protocols.md, 26). Past its deadline it
    /// expires: there is none.
    func giveBack(_ message: ReceivedMessage, _ reason: String, _ trigger: TriggerMessage? = nil) -> Settlement {
        if let trigger, trigger.deadline < WallClock.now() {
            count(.expired)
            let outcome = TriggerOutcome(
                id: trigger.id, redrive: trigger.redrive, attempt: 0, state: .expired,
                reason: "\(reason); no worker of a later version took it before its deadline")
            return Settlement(message.receipt, .acknowledge, outcome: outcome.line)
        }
        runtime.logger.warning("\(reason): left to a worker of a later version", metadata: ["id": "\(message.id)"])
        runtime.metrics.count(.workerLaterVersions)
        return Settlement(message.receipt, .release(after: TriggerWorker.laterVersionPause))
    }
    private static let laterVersionPause = Duration.seconds(10)
}
