package import Model
package import Queue
package import Store

extension OutgoingMessage {
    /// A committed trigger as a message.
    ///
    /// - Parameters:
    ///   - attempts: those that are recorded: the base for the next.
    ///   - weights: of the tenants that do not have the usual one. What a message costs its tenant in the fair queue is the
    ///     inverse of its weight.
    package init(_ message: TriggerMessage, attempts: Int = 0, delay: Duration, weights: [String: Double] = [:]) {
        let cost = weights.isEmpty ? 1 : 1 / (weights[message.tenant] ?? 1)
        // A backfill is served under a key of its own, and costs ten times as much: it waits behind its tenant's live work.
        let isBackfill = message.kind == .backfill
        self.init(
            id: MessageID(message.id), tenant: message.fairnessKey, delay: delay,
            cost: isBackfill ? cost * 10 : cost, generation: message.redrive, attempts: attempts, body: message.encoded)
    }

    /// A trigger as it was claimed, to be received at its planned time.
    ///
    /// - Parameters:
    ///   - now: the database's time, which `plannedAt` is compared with.
    ///   - weights: as above.
    package init(_ trigger: QueuedTrigger, now: Timestamp, weights: [String: Double]) {
        let delay = max(.zero, trigger.message.plannedAt - now)
        self.init(trigger.message, attempts: trigger.attempts, delay: delay, weights: weights)
    }
}
