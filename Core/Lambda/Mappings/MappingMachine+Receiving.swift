import Model

extension MappingMachine {
    /// Messages of a receive (SQS API Reference, "ReceiveMessage").
    private static let mostReceived = 10
    /// The longest that a receive waits.
    private static let longPoll = Duration.seconds(20)
    /// After receives that failed: 1 s, doubling up to this.
    private static let longestPause = 30

    /// A receive that is answered; nil: it was answered before.
    mutating func end(receive number: Int) -> Receive? {
        guard number <= lastReceive else {
            preconditionFailure("receive \(number) was answered and never asked for: \(self)")
        }
        return receives.removeValue(forKey: number)
    }

    /// Waits before the next receive. Receives that were under way when the first one failed count with it.
    mutating func pause(_ now: Timestamp) {
        eagerness = 1
        guard pausedUntil.map({ $0 <= now }) ?? true else { return }
        pausedUntil = now + .seconds(min(1 << min(failedReceives, 5), MappingMachine.longestPause))
        failedReceives += 1
    }

    /// Sorts what was received into what is deleted, what gathers and what is left alone.
    mutating func take(_ messages: [MappingMessage], of receive: Receive, _ now: Timestamp, _ actions: inout [Action]) {
        (failedReceives, pausedUntil) = (0, nil)
        heaviest = messages.map(\.bytes).max() ?? heaviest
        // A queue with a visibility timeout of 0 gives out its messages at once; they are handled nevertheless.
        let lapse = now + max(visibility, .seconds(1))
        let held = groupsHeld
        var rejected: [MappingMessage] = []
        var taken = 0
        for message in messages {
            guard configuration.accepts(body: message.body) else {
                rejected.append(message)
                continue
            }
            // FIFO: a function has had its group for longer than the visibility timeout. It comes again.
            if held.contains(message.groupID) { continue }
            taken += 1
            let entry = HeldBatch.Entry(message: message, lapse: lapse)
            for complete in gathering.add(entry, bytes: message.bytes, now: now) { append(complete, now) }
        }
        if !rejected.isEmpty { actions.append(.delete(rejected)) }
        // With a visibility timeout of 0 they would come again without end.
        if taken + rejected.count < messages.count, taken == 0 { pausedUntil = now + .seconds(1) }
        note(messages.count, of: receive, now)
    }

    /// What the number of messages says of the queue: there is a backlog until a receive finds nothing. While receives
    /// find all that they ask for, there are twice as many of them each time.
    private mutating func note(_ count: Int, of receive: Receive, _ now: Timestamp) {
        if count > 0 {
            scale.sawBacklog(at: now)
            eagerness = receive.isLong || count < receive.limit ? 2 : min(eagerness * 2, ConcurrencyScale.most)
            return
        }
        scale.sawEmpty(at: now, inUse: running.count + pending.count + min(gathering.count, 1))
        eagerness = 1
        if gathering.count == 0 { gathering = BatchGathering(configuration) }
    }

    /// Asks for as many messages as the free slots can use.
    mutating func receive(_ now: Timestamp, _ actions: inout [Action]) {
        if let pausedUntil, pausedUntil > now { return }
        if receives.isEmpty, room(now) < 1 {
            // It cannot look without a slot. What it does not see it takes for a backlog, until it has looked.
            scale.sawBacklog(at: now)
            eagerness = max(eagerness, 2)
        }
        let isLong = eagerness == 1
        while receives.count < min(eagerness, allowed(at: now)) {
            let limit = room(now)
            if limit < 1 {
                isShort = true
                return
            }
            lastReceive += 1
            receives[lastReceive] = Receive(limit: limit, isLong: isLong)
            actions.append(.receive(lastReceive, limit: limit, wait: isLong ? MappingMachine.longPoll : .zero))
        }
    }

    /// How many messages the next receive may find. Without a window each receive is a batch; with one they gather.
    private func room(_ now: Timestamp) -> Int {
        let slots = allowed(at: now) - running.count - pending.count
        let longest = MappingConfiguration.longestEvent
        let most = min(MappingMachine.mostReceived, configuration.batchSize)
        if configuration.window == 0 {
            return slots > receives.count ? min(most, max(1, longest / max(heaviest, 1))) : 0
        }
        if slots < 1 { return 0 }
        let asked = receives.values.reduce(0) { $0 + $1.limit }
        let messages = slots * configuration.batchSize - gathering.count - asked
        let bytes = slots * longest - gathering.bytes - asked * heaviest
        return min(most, messages, max(bytes / max(heaviest, 1), asked == 0 ? 1 : 0))
    }
}
