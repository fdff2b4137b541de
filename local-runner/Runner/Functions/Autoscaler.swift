/// How many messages of a queue wait, and how many are leased.
package struct QueueDepth: Equatable, Sendable {
    package var ready: Int
    package var inFlight: Int

    package init(ready: Int, inFlight: Int) {
        self.ready = ready
        self.inFlight = inFlight
    }
}

/// Decides how many processes of a pull function to start. Pure: time comes in.
///
/// Wanted is one process for every ten batches of backlog, within the function's concurrency. There is no action to stop
/// one: a worker without work leaves by itself (`--idle`), so that scaling down never interrupts a call. What is in flight
/// counts as backlog, for a killed worker's messages come back.
package struct Autoscaler: Sendable {
    package let concurrency: ClosedRange<Int>
    package let batch: Int
    private var backoff: RestartBackoff
    /// No start before then.
    private var notBefore: ContinuousClock.Instant?

    /// Processes started by one decision, at most: a thousand waiting messages should not fork fifty processes at once.
    package static let startsPerDecision = 4
    /// An orderly exit so soon after the start is a fault too: without a pause it would be a loop of starts.
    package static let shortestLife = Duration.seconds(1)

    package init(concurrency: ClosedRange<Int>, batch: Int, backoff: RestartBackoff = RestartBackoff()) {
        self.concurrency = concurrency
        self.batch = batch
        self.backoff = backoff
    }

    /// The number of processes that the backlog asks for.
    package func wanted(_ depth: QueueDepth) -> Int {
        let backlog = max(0, depth.ready) + max(0, depth.inFlight)
        let perProcess = batch * 10
        let needed = backlog / perProcess + (backlog % perProcess == 0 ? 0 : 1)
        return min(max(needed, concurrency.lowerBound), concurrency.upperBound)
    }

    /// How many processes to start now. A depth that is unknown (Redis is down) asks for the minimum.
    package func starts(_ depth: QueueDepth?, running: Int, now: ContinuousClock.Instant) -> Int {
        if let notBefore, now < notBefore { return 0 }
        let wanted = depth.map(wanted) ?? concurrency.lowerBound
        return min(max(0, wanted - running), Autoscaler.startsPerDecision)
    }

    /// Takes note that a process ended. After a crash the next start waits; the wait that was chosen is returned.
    package mutating func ended(orderly: Bool, life: Duration, now: ContinuousClock.Instant) -> Duration? {
        if orderly && life >= Autoscaler.shortestLife { return nil }
        let delay = backoff.delay(afterLife: life)
        notBefore = max(notBefore ?? now, now + delay)
        return delay
    }
}
