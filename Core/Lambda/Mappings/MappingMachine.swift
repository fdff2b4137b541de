package import Model

/// What an event source mapping of an SQS queue does: a value that is told what happens and when, and says what to do.
///
/// It begins with `timePassed`. Whoever carries out its actions answers each `receive` and each `invoke` with one event,
/// and sends `timePassed` at `nextDeadline`.
///
/// A batch in a function, one that waits and one that gathers each take one of the slots that `ConcurrencyScale` allows,
/// and the machine asks a queue for no more than the free slots can use: messages that wait use up their visibility
/// timeout. A message whose visibility timeout has ended before a function got it is let go, as the queue gives it out
/// anew. Of a FIFO queue, no two batches have messages of one group at once, and none has a message of a group of which
/// an earlier message was left in the queue (rows 34 to 37).
package struct MappingMachine: Sendable {
    /// What happens.
    package enum Event: Sendable {
        /// A receive has found messages, or none.
        case received(receive: Int, [MappingMessage])
        /// A receive has failed, or was cancelled.
        case receiveFailed(receive: Int)
        /// An invocation has ended.
        case finished(batch: Int, BatchOutcome)
        /// It is `nextDeadline`, or later.
        case timePassed
        /// The mapping is disabled, deleted or changed.
        case stop
    }

    /// What to do, in this order.
    package enum Action: Hashable, Sendable {
        /// Receive up to so many messages with all their attributes, and wait so long for the first one.
        case receive(Int, limit: Int, wait: Duration)
        /// End a receive, which is answered all the same.
        case cancel(receive: Int)
        /// Invoke the function; perhaps once more with the same batch.
        case invoke(batch: Int, [MappingMessage])
        /// Delete messages that were handled, or that no filter accepts.
        case delete([MappingMessage])
        /// All is settled.
        case stopped
    }

    enum Phase: Hashable {
        case polling, stopping, stopped
    }

    struct Receive: Hashable {
        var limit: Int
        var isLong: Bool
    }

    let configuration: MappingConfiguration
    /// The queue's visibility timeout; the queue's owner may change it.
    package var visibility: Duration
    /// When `timePassed` is to be sent; nil: other events come first.
    package internal(set) var nextDeadline: Timestamp?

    var phase = Phase.polling
    var scale: ConcurrencyScale
    var receives: [Int: Receive] = [:]
    var lastReceive = 0
    /// How many receives at once; 1: nothing is known to be there, so the one waits.
    var eagerness = 1
    /// Bytes of the largest message that the last receive found.
    var heaviest = 0
    var failedReceives = 0
    var pausedUntil: Timestamp?
    var gathering: BatchGathering<HeldBatch.Entry>
    /// Complete, but not with a function; in the order of their numbers.
    var pending: [HeldBatch] = []
    var running: [Int: HeldBatch] = [:]
    var lastBatch = 0
    /// Something waits for a slot.
    var isShort = false

    /// A mapping that has not begun.
    ///
    /// - Parameter visibility: the queue's visibility timeout.
    package init(_ configuration: MappingConfiguration, visibility: Duration, now: Timestamp) {
        self.configuration = configuration
        self.visibility = visibility
        scale = ConcurrencyScale(maximum: configuration.maximumConcurrency, now: now)
        gathering = BatchGathering(configuration)
        nextDeadline = now
    }

    /// Batches that functions have.
    package var concurrency: Int { running.count }
    /// Batches that functions may have.
    package func allowed(at now: Timestamp) -> Int { scale.allowed(at: now) }
    /// Messages that it has received and no function has.
    package var waiting: Int { gathering.count + pending.reduce(0) { $0 + $1.entries.count } }

    /// What to do after an event. Events that come twice, or after the end, change nothing.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        var actions: [Action] = []
        letGoOfLapsed(now)
        switch event {
        case .received(let number, let messages):
            if let receive = end(receive: number), phase == .polling { take(messages, of: receive, now, &actions) }
        case .receiveFailed(let number):
            if end(receive: number) != nil { pause(now) }
        case .finished(let number, let outcome): settle(batch: number, outcome, now, &actions)
        case .timePassed: break
        case .stop: stop(&actions)
        }
        switch phase {
        case .polling:
            isShort = false
            handOver(now)
            invoke(now, &actions)
            receive(now, &actions)
            nextDeadline = deadline(after: now)
        case .stopping where running.isEmpty && receives.isEmpty:
            phase = .stopped
            actions.append(.stopped)
        case .stopping, .stopped: break
        }
        return actions
    }

    /// Takes back what no function has: it is left to the queue.
    private mutating func stop(_ actions: inout [Action]) {
        guard phase == .polling else { return }
        phase = .stopping
        pending = []
        gathering = BatchGathering(configuration)
        nextDeadline = nil
        for number in receives.keys.sorted() { actions.append(.cancel(receive: number)) }
    }

    private func deadline(after now: Timestamp) -> Timestamp? {
        var times = [pausedUntil, gathering.deadline, isShort ? scale.nextGrowth(after: now) : nil]
        for batch in pending { times += [batch.start, batch.lapse] }
        return times.compactMap { $0 }.filter { $0 > now }.min()
    }
}

extension MappingMachine: CustomStringConvertible {
    /// Its state, in numbers.
    package var description: String {
        "\(phase): receives \(receives.keys.sorted()) of \(lastReceive), batches \(running.keys.sorted()) of \(lastBatch), pending \(pending.map(\.number)), gathering \(gathering.count)"
    }
}
