/// How many messages of a queue wait for a worker, and how many are leased.
package struct QueueDepth: Equatable, Sendable {
    package var ready: Int
    package var inFlight: Int

    /// A depth as it was read.
    package init(ready: Int, inFlight: Int) {
        self.ready = ready
        self.inFlight = inFlight
    }
}

/// Decides how many processes of a pull function to start. Pure: the time is passed in.
///
/// It wants one process for every ten batches of backlog, within the function's concurrency. Nothing stops a process: a
/// worker without work exits by itself (`--idle`), so that scaling down never interrupts a call. Messages in flight
/// count as backlog, because a killed worker's come back.
package struct Autoscaler: Sendable {
    /// How many processes may run, at least and at most.
    package let concurrency: ClosedRange<Int>
    /// Messages that one process leases at once.
    package let batch: Int
    private var backoff: RestartBackoff
    /// Nothing is started before this time.
    private var notBefore: ContinuousClock.Instant?

    /// The most processes that one decision starts: a thousand waiting messages must not fork fifty at once.
    package static let startsPerDecision = 4
    /// Even an orderly exit this soon after the start is a fault: without a pause it would be started in a loop.
    package static let shortestLife = Duration.seconds(1)

    /// An autoscaler that may start at once.
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

    /// How many processes to start now. An unknown depth (nil: Redis is down) asks for the minimum.
    package func starts(_ depth: QueueDepth?, running: Int, now: ContinuousClock.Instant) -> Int {
        if let notBefore, now < notBefore { return 0 }
        let wanted = depth.map(wanted) ?? concurrency.lowerBound
        return min(max(0, wanted - running), Autoscaler.startsPerDecision)
    }

    /// Records that a process ended. Returns the pause before the next start, if there is one: after a crash, or too
    /// short a life.
    package mutating func ended(orderly: Bool, life: Duration, now: ContinuousClock.Instant) -> Duration? {
        if orderly && life >= Autoscaler.shortestLife { return nil }
        let delay = backoff.delay(afterLife: life)
        notBefore = max(notBefore ?? now, now + delay)
        return delay
    }
}
