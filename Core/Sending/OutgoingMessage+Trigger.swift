package import Model
package import Queue
package import Store

extension OutgoingMessage {
    /// A committed trigger as a message.
    ///
    /// A backfill is sent under a fairness key of its own and costs ten times as much, so that it waits behind its
    /// tenant's live work.
    ///
    /// - Parameters:
    ///   - attempts: those recorded so far.
    ///   - weights: by tenant, where they are not 1. A message costs its tenant the inverse of its weight in the fair
    ///     queue.
    package init(_ message: TriggerMessage, attempts: Int = 0, delay: Duration, weights: [TenantID: Double] = [:]) {
        let cost = weights.isEmpty ? 1 : 1 / (weights[message.tenant] ?? 1)
        let isBackfill = message.kind == .backfill
        self.init(
            id: MessageID(message.id), tenant: message.fairnessKey, delay: delay,
            cost: isBackfill ? cost * 10 : cost, generation: message.redrive, attempts: attempts, body: message.encoded)
    }

    /// A claimed trigger, to be received at its planned time.
    ///
    /// - Parameters:
    ///   - now: the database's time, from which the delay until the planned time counts.
    ///   - weights: by tenant, where they are not 1.
    package init(_ trigger: QueuedTrigger, now: Timestamp, weights: [TenantID: Double]) {
        let delay = max(.zero, trigger.message.plannedAt - now)
        self.init(trigger.message, attempts: trigger.attempts, delay: delay, weights: weights)
    }
}
