import Calls
import FunctionRuntime
import HTTP
import Logging
import Model
import Queue
import Telemetry

/// Triggers that start flows.
extension TriggerWorker {
    /// How long a start that the API refuses for now waits. An API that is down costs no attempt (protocols.md, 10).
    private static let laterPause = Duration.seconds(2)

    /// Starts the flow of a trigger, and settles the trigger with what became of that.
    func startFlow(_ delivery: Delivery, _ flow: FlowAction) {
        starting += 1
        Task {
            let start = FlowStart(trigger: delivery.message.id, tenant: delivery.message.tenant, flow: flow)
            let result = await starter.start(start)
            await settle([settlement(of: result, delivery)])
            starting -= 1
            runtime.life.didWork()
            wakeReceiver()
        }
    }

    private func settlement(of result: FlowStart.Result, _ delivery: Delivery) -> Settlement {
        let now = WallClock.now()
        func end(_ state: TriggerState, _ reason: String?) -> Settlement {
            count(state)
            let outcome = delivery.outcome(ofStart: state, reason: reason, endedAt: now)
            return Settlement(delivery.receipt, .acknowledge, outcome: outcome.line)
        }
        switch result {
        case .started: return end(.delivered, nil)
        case .skipped(let reason): return end(.skipped, reason)
        case .rejected(let reason): return end(.rejected, reason)
        case .later(let reason):
            runtime.logger.warning("a flow cannot be started now: \(reason)")
            countHeldBack("api")
            if now + TriggerWorker.laterPause > delivery.message.deadline {
                return end(.expired, "the deadline passes before the flow could be started: \(reason)")
            }
            return Settlement(delivery.receipt, .release(after: TriggerWorker.laterPause))
        }
    }
}

extension Delivery {
    /// What is recorded of a start: an attempt, unless none was made in time.
    fileprivate func outcome(ofStart state: TriggerState, reason: String?, endedAt now: Timestamp) -> TriggerOutcome {
        var outcome = TriggerOutcome(
            id: message.id, redrive: message.redrive, attempt: state == .expired ? 0 : attempt, state: state,
            reason: reason)
        if state == .expired { return outcome }
        outcome.startedAt = startedAt
        outcome.durationMilliseconds = Int((now - startedAt).milliseconds)
        if attempt == 1 {
            outcome.latenessMilliseconds = Int(
                Int32(clamping: (startedAt - message.plannedAt).microseconds / 1_000))
        }
        return outcome
    }
}
