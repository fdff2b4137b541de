import Model

extension MappingMachine {
    /// FIFO: the groups of which a function has messages, or a batch that waits for one.
    var groupsHeld: Set<String> {
        guard configuration.isFIFO else { return [] }
        return pending.reduce(into: groupsRunning) { $0.formUnion($1.groups) }
    }

    private var groupsRunning: Set<String> {
        guard configuration.isFIFO else { return [] }
        return running.values.reduce(into: []) { $0.formUnion($1.groups) }
    }

    mutating func append(_ entries: [HeldBatch.Entry], _ now: Timestamp) {
        lastBatch += 1
        pending.append(HeldBatch(number: lastBatch, entries: entries, start: now))
    }

    /// Leaves to the queue what it gives out again by now, before a function got it.
    mutating func letGoOfLapsed(_ now: Timestamp) {
        gathering.letGo { $0.lapse <= now }
        for index in pending.indices { pending[index].letGoOfLapsed(now: now) }
        pending.removeAll(where: \.entries.isEmpty)
    }

    /// Completes the batch that gathers, when its window has passed.
    mutating func handOver(_ now: Timestamp) {
        if let entries = gathering.flush(now: now) { append(entries, now) }
    }

    /// Invokes with the batches that wait, as far as slots are free; in a FIFO queue also only where no earlier batch has
    /// messages of the same group.
    mutating func invoke(_ now: Timestamp, _ actions: inout [Action]) {
        if pending.isEmpty { return }
        var busy = groupsRunning
        var kept: [HeldBatch] = []
        for batch in pending {
            let groups = configuration.isFIFO ? batch.groups : []
            let isDue = batch.start <= now && busy.isDisjoint(with: groups)
            let isFree = allowed(at: now) > running.count
            if isDue, isFree {
                running[batch.number] = batch
                actions.append(.invoke(batch: batch.number, batch.messages))
            } else {
                isShort = isShort || isDue
                kept.append(batch)
            }
            busy.formUnion(groups)
        }
        pending = kept
    }

    /// Deletes what was handled, and leaves the rest to the queue. What was not accepted is tried again until the
    /// visibility timeouts end: so each new receive counts, up to the dead-letter queue. What fails or is not accepted
    /// lowers the concurrency ("Backoff strategy for failed invocations", AWS documentation); reported items do not.
    mutating func settle(batch number: Int, _ outcome: BatchOutcome, _ now: Timestamp, _ actions: inout [Action]) {
        guard number <= lastBatch else {
            preconditionFailure("batch \(number) has ended and never began: \(self)")
        }
        guard var batch = running.removeValue(forKey: number) else { return }
        switch outcome {
        case .answered(let answer):
            let verdict = BatchVerdict(
                answer: answer, ids: Set(batch.entries.lazy.map(\.message.messageID)),
                reportsItemFailures: configuration.reportsItemFailures)
            settle(batch, verdict, now, &actions)
        case .failed: settle(batch, .none, now, &actions)
        case .throttled, .unavailable:
            scale.sawFailure(at: now)
            guard phase == .polling else { return }
            batch.reject(now: now)
            pending.insert(batch, at: pending.firstIndex { $0.number > number } ?? pending.endIndex)
        }
    }

    private mutating func settle(
        _ batch: HeldBatch, _ verdict: BatchVerdict, _ now: Timestamp, _ actions: inout [Action]
    ) {
        var (handled, left): ([MappingMessage], [MappingMessage])
        switch verdict {
        case .all: (handled, left) = (batch.messages, [])
        case .none:
            (handled, left) = ([], batch.messages)
            scale.sawFailure(at: now)
        case .allBut(let failed):
            (handled, left) = ([], [])
            for message in batch.messages {
                if failed.contains(message.messageID) { left.append(message) } else { handled.append(message) }
            }
        }
        if !handled.isEmpty { actions.append(.delete(handled)) }
        if configuration.isFIFO, !left.isEmpty { letGo(ofGroups: Set(left.map(\.groupID))) }
    }

    /// FIFO: what follows a message that was left in the queue must not overtake it.
    private mutating func letGo(ofGroups groups: Set<String>) {
        for index in pending.indices { pending[index].letGo(ofGroups: groups) }
        pending.removeAll(where: \.entries.isEmpty)
    }
}
