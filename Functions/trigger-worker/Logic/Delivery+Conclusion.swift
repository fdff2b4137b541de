import Calls
import HTTP
import Model
import Queue

/// How the end of a call settles its lease.
struct Conclusion: Sendable {
    var settlement: Settlement
    /// The trigger's new state; `queued`: another attempt follows. Nil: no attempt was charged.
    var state: TriggerState?
}

extension Delivery {
    /// Decides how the end of the call settles the lease. Pure, except for the jitter of the next attempt.
    func conclusion(
        of result: HTTPResult, endedAt now: Timestamp, using random: inout some RandomNumberGenerator
    ) -> Conclusion {
        if case .failure(let error) = result, error.code == .cancelled,
            !(error.answer.map { DeliveryRules.isFinal($0.status) } ?? false)
        {
            // Cancelled by us, because the lease was lost or the worker stops. No attempt is charged.
            return Conclusion(settlement: Settlement(receipt, .release(after: .zero)))
        }
        let verdict = DeliveryRules.verdict(
            on: DeliveryRules.Answer(result, now: now), attempt: attempt, policy: record.retry,
            deadline: message.deadline, now: now, using: &random)
        switch verdict {
        case .final(let state, let reason):
            let outcome = outcome(state, result: result, reason: reason, endedAt: now)
            return Conclusion(settlement: Settlement(receipt, .acknowledge, outcome: outcome.line), state: state)
        case .retry(let delay, let reason):
            let outcome = outcome(.queued, result: result, reason: reason, endedAt: now)
            return Conclusion(
                settlement: Settlement(receipt, .retry(after: delay), outcome: outcome.line), state: .queued)
        case .dead(let reason):
            let outcome = outcome(.dead, result: result, reason: reason, endedAt: now)
            return Conclusion(
                settlement: Settlement(receipt, .bury(reason: reason), outcome: outcome.line), state: .dead)
        }
    }
}
