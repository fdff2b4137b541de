internal import Model
package import Queue
internal import SQS
private import Synchronization

extension SQSQueue {
    /// Ends leases in three steps over the whole batch: outcomes, successors (the copy of a retry or release, the dead
    /// letter of a burial), deletions. A message goes on only when its step before has succeeded.
    ///
    /// After an error the steps that succeeded are remembered while the lease lasts: repeating the call goes on where
    /// it stopped. If it is not repeated, the message comes again, and its call is made twice.
    package func settle(_ settlements: [Settlement]) async throws(QueueError) -> [SettleResult] {
        var moves = begin(settlements)
        for step in SettleStep.allCases {
            // An invocation that was answered meanwhile has named its messages as failed: they come again, and need no copy.
            moves.removeAll { move in
                move.lease.isOfInvocation && move.error == nil
                    && !state.withLock { $0.leases.state(of: move.handle).isHeld }
            }
            let pending = moves.indices.filter { moves[$0].needs(step, hasOutcomes: outcomes != nil) }
            if pending.isEmpty { continue }
            let errors = try await carryOut(step, pending.map { moves[$0] })
            for (index, error) in zip(pending, errors) {
                moves[index].error = error
                if error == nil {
                    let move = moves[index]
                    state.withLock { $0.leases.finish(step, of: move.handle, comesAgain: move.comesAgain) }
                }
            }
            try pass(step)
        }
        try check(moves.map(\.error))
        var results = settlements.map { _ in SettleResult.stale }
        for move in moves { results[move.place] = .settled }
        return results
    }

    /// The settlements whose leases hold; of several with one receipt the first.
    private func begin(_ settlements: [Settlement]) -> [Settling] {
        let now = host.uptime()
        var seen: Set<String> = []
        return settlements.enumerated().compactMap { place, settlement in
            let handle = settlement.receipt.handle
            guard seen.insert(handle).inserted, let lease = state.withLock({ $0.leases.held(handle, now: now) }) else {
                return nil
            }
            return Settling(settlement, at: place, lease: lease, maximumReceives: source?.maximumReceives ?? 0)
        }
    }

    /// For each: nil, or why the step failed.
    private func carryOut(_ step: SettleStep, _ moves: [Settling]) async throws(QueueError) -> [SQSClientError?] {
        switch step {
        case .outcome: try await sendOutcomes(of: moves)
        case .successor: try await sendSuccessors(of: moves)
        case .delete: try await end(moves)
        }
    }

    /// One message an outcome, with the id and tenant of what it is about.
    private func sendOutcomes(of moves: [Settling]) async throws(QueueError) -> [SQSClientError?] {
        guard let outcomes else { preconditionFailure("queue \(name) has no outcomes") }
        let messages = moves.map { move in
            var envelope = move.lease.envelope
            envelope.attempts = 0
            envelope.due = nil
            return envelope.outgoing(move.outcome, delay: 0, isGrouped: isGrouped)
        }
        return await caller.send(messages, to: try await url(outcomes.queue))
    }

    private func sendSuccessors(of moves: [Settling]) async throws(QueueError) -> [SQSClientError?] {
        let now = host.clock()
        var errors: [SQSClientError?] = moves.map { _ in nil }
        var groups: [String: [(place: Int, message: SQSOutgoing)]] = [:]
        for (place, move) in moves.enumerated() {
            var envelope = move.lease.envelope
            switch move.successor {
            case .none, .itself: continue
            case .copy(let attempts, let delay):
                envelope.attempts = attempts
                let copy = outgoing(envelope, move.lease.body, due: now + max(.zero, delay), now: now)
                groups[names.queue, default: []].append((place, copy))
            case .letter(let reason, let attempts):
                envelope.attempts = attempts
                envelope.due = nil
                let letter = envelope.outgoing(move.lease.body, delay: 0, isGrouped: isGrouped, reason: reason)
                let target = move.lease.origin == .lapsed ? source?.names.dead : nil
                groups[target ?? names.dead, default: []].append((place, letter))
            }
        }
        for (target, items) in groups {
            if target == names.queue { state.withLock { $0.watch.reset() } }
            let sent = await caller.send(items.map(\.message), to: try await url(target))
            for (item, error) in zip(items, sent) { errors[item.place] = error }
        }
        return errors
    }

    /// Deletes messages, or hides those that wait themselves. Messages of an invocation are deleted by its mapping.
    private func end(_ moves: [Settling]) async throws(QueueError) -> [SQSClientError?] {
        var errors: [SQSClientError?] = moves.map { _ in nil }
        for origin in [Lease.Origin.queue, .lapsed] {
            let places = moves.indices.filter { moves[$0].lease.origin == origin }
            if places.isEmpty { continue }
            let url = try await url(of: origin)
            let hidden = places.compactMap { place -> (place: Int, seconds: Int)? in
                guard case .itself(let delay) = moves[place].successor else { return nil }
                return (place, min(SQSLimits.visibility, SQSQueue.seconds(delay)))
            }
            let changed =
                hidden.isEmpty
                ? [] : await caller.changeVisibility(hidden.map { (moves[$0.place].handle, $0.seconds) }, in: url)
            for (item, error) in zip(hidden, changed) { errors[item.place] = error }
            let deleted = places.filter { place in
                !moves[place].lease.isOfInvocation && !hidden.contains { $0.place == place }
            }
            let answers = deleted.isEmpty ? [] : await caller.delete(deleted.map { moves[$0].handle }, from: url)
            for (place, error) in zip(deleted, answers) { errors[place] = error }
        }
        return errors
    }

    private func pass(_ step: SettleStep) throws(QueueError) {
        do {
            try host.afterStep(step)
        } catch {
            throw QueueError(.unavailable, queue: name, "after step \(step.rawValue): \(error)")
        }
    }
}
