internal import Model
package import Queue
internal import SQS
private import Synchronization

extension SQSQueue {
    /// Leases up to `limit` messages: one long poll for the first ten, and if it gives ten, the rest at once beside
    /// each other. Waits and visibility are rounded up to whole seconds.
    ///
    /// A message that is not due yet is sent again with the rest of its delay and deleted; it is not returned. A queue
    /// of outcomes also looks at `-lapsed` of its source, every 10 s at most.
    package func receive(
        upTo limit: Int, visibility: Duration, wait: Duration
    ) async throws(QueueError) -> [ReceivedMessage] {
        precondition(limit > 0, "receive needs a limit of at least 1")
        let deadline = host.uptime() + min(wait, QueueRules.maximumWait)
        let seconds = min(SQSLimits.visibility, max(1, SQSQueue.seconds(visibility)))
        let url = try await url(names.queue)
        state.withLock { $0.leases.prune(now: host.uptime()) }
        var received = await lapsed(limit, visibility: seconds)
        while received.count < limit {
            let rest = received.isEmpty ? max(.zero, deadline - host.uptime()) : .zero
            let count = min(SQSLimits.batch, limit - received.count)
            let found: Int
            do throws(SQSClientError) {
                let part = try await poll(url, count, visibility: seconds, wait: SQSQueue.seconds(rest))
                received += part.messages
                found = part.found
            } catch {
                if Task.isCancelled || !received.isEmpty { return received }
                throw queueError(error)
            }
            if found == count, received.count < limit, !Task.isCancelled {
                received += await more(url, limit - received.count, visibility: seconds)
            }
            // What was found and not returned is out of the way now: there may be more behind it.
            if !received.isEmpty || found == 0 && host.uptime() >= deadline || Task.isCancelled { break }
        }
        return received
    }

    /// Several short polls at once. One that fails is reported: what the others have must not be lost.
    private func more(_ url: String, _ limit: Int, visibility: Int) async -> [ReceivedMessage] {
        let counts = stride(from: 0, to: limit, by: SQSLimits.batch).map { min(SQSLimits.batch, limit - $0) }
        return await withTaskGroup(of: [ReceivedMessage].self) { group in
            for count in counts {
                group.addTask { [self] in
                    do throws(SQSClientError) {
                        return try await poll(url, count, visibility: visibility, wait: 0).messages
                    } catch {
                        host.report("queue \(name): \(error)")
                        return []
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// One ReceiveMessage. Also returns how many messages it found, those included that are not returned.
    private func poll(
        _ url: String, _ limit: Int, visibility: Int, wait: Int
    ) async throws(SQSClientError) -> (messages: [ReceivedMessage], found: Int) {
        let answer = try await caller.receive(
            from: url, limit: limit, visibility: visibility, wait: wait, attributes: [MessageEnvelope.attribute])
        let end = host.uptime() + .seconds(visibility) - LeaseTable.margin
        let now = host.clock()
        let (messages, early) = lease(intact(answer), until: end, now: now)
        if !early.isEmpty {
            let sent = await postpone(early, url, now: now)
            for error in await caller.delete(sent, from: url).compactMap({ $0 }) {
                host.report("queue \(name): \(error)")
            }
        }
        return (messages, answer.count)
    }

    /// A message that is not due yet.
    typealias EarlyMessage = (handle: String, envelope: MessageEnvelope, body: [UInt8])

    /// Leases what is Headgate's and due.
    func lease(
        _ received: [SQSIncoming], until end: Duration, now: Timestamp, isOfInvocation: Bool = false
    ) -> (messages: [ReceivedMessage], early: [EarlyMessage]) {
        var messages: [ReceivedMessage] = []
        var early: [EarlyMessage] = []
        for message in received {
            guard let (envelope, body) = MessageEnvelope.read(message) else {
                host.report("queue \(name): a message is not one of Headgate's; it will lapse")
                continue
            }
            if let due = envelope.due, due > now {
                early.append((message.handle, envelope, body))
                continue
            }
            let lease = Lease(envelope: envelope, body: body, end: end, isOfInvocation: isOfInvocation)
            state.withLock { $0.leases.add(message.handle, lease) }
            messages.append(
                ReceivedMessage(lease, handle: message.handle, receives: message.receives, body: body))
        }
        return (messages, early)
    }

    /// Those that arrived as they were sent.
    func intact(_ answer: [Result<SQSIncoming, SQSClientError>]) -> [SQSIncoming] {
        answer.compactMap { result in
            switch result {
            case .success(let message): return message
            case .failure(let error):
                host.report("queue \(name): \(error)")
                return nil
            }
        }
    }

    /// Sends messages again with the rest of their delays. Returns the handles of those whose copies were sent, which
    /// are to be deleted; the others come again when their visibility timeout ends.
    func postpone(_ early: [EarlyMessage], _ url: String, now: Timestamp) async -> [String] {
        let copies = early.map { outgoing($0.envelope, $0.body, due: $0.envelope.due ?? now, now: now) }
        let errors = await caller.send(copies, to: url)
        for error in errors.compactMap({ $0 }) { host.report("queue \(name): \(error)") }
        return zip(early, errors).filter { $0.1 == nil }.map { $0.0.handle }
    }

    // MARK: Lapsed messages

    /// How often `-lapsed` is looked at.
    private static let lapsedPause = Duration.seconds(10)

    /// The messages of the source that were received too often, as notices.
    private func lapsed(_ limit: Int, visibility: Int) async -> [ReceivedMessage] {
        guard let source else { return [] }
        let now = host.uptime()
        let isDue = state.withLock { state in
            if let last = state.lapsedLook, now - last < SQSQueue.lapsedPause { return false }
            state.lapsedLook = now
            return true
        }
        guard isDue else { return [] }
        do {
            let url = try await url(source.names.lapsed)
            let answer = try await caller.receive(
                from: url, limit: min(SQSLimits.batch, limit), visibility: visibility, wait: 0,
                attributes: [MessageEnvelope.attribute])
            // Where there is one there may be more: look again at once.
            if !answer.isEmpty { state.withLock { $0.lapsedLook = nil } }
            let end = host.uptime() + .seconds(visibility) - LeaseTable.margin
            let (messages, foreign) = notices(intact(answer), until: end)
            for error in await caller.delete(await bury(foreign), from: url).compactMap({ $0 }) {
                host.report("queue \(name): lapsed messages: \(error)")
            }
            return messages
        } catch {
            // The outcomes themselves do not depend on it.
            host.report("queue \(name): lapsed messages: \(error)")
            return []
        }
    }

    /// Leases lapsed messages, as the notices that they died; the second list are those that are not Headgate's.
    func notices(
        _ lapsed: [SQSIncoming], until end: Duration, isOfInvocation: Bool = false
    ) -> (messages: [ReceivedMessage], foreign: [SQSIncoming]) {
        guard let source else { return ([], []) }
        var (messages, foreign): ([ReceivedMessage], [SQSIncoming]) = ([], [])
        for message in lapsed {
            guard let (envelope, body) = MessageEnvelope.read(message) else {
                foreign.append(message)
                continue
            }
            let lease = Lease(
                envelope: envelope, body: body, origin: .lapsed, end: end, isOfInvocation: isOfInvocation)
            state.withLock { $0.leases.add(message.handle, lease) }
            let notice = BurialNotice.line(
                id: envelope.id, generation: envelope.generation,
                reason: BurialNotice.tooManyReceives(source.maximumReceives))
            // SQS counts receives across both queues.
            let receives = max(1, message.receives - source.maximumReceives)
            messages.append(
                ReceivedMessage(lease, handle: message.handle, receives: receives, body: notice))
        }
        return (messages, foreign)
    }

    /// Sends what is not Headgate's to `-dead` of the source; no row waits for its outcome. Returns the handles of what
    /// was sent, which is to be deleted.
    func bury(_ foreign: [SQSIncoming]) async -> [String] {
        guard let source, !foreign.isEmpty else { return [] }
        let letters = foreign.map { message in
            var letter = SQSOutgoing(body: message.body, attributes: [])
            letter.add(reason: "not a message of Headgate", most: 1_024)
            return letter
        }
        do throws(QueueError) {
            let errors = await caller.send(letters, to: try await self.url(source.names.dead))
            for error in errors.compactMap({ $0 }) { host.report("queue \(name): lapsed messages: \(error)") }
            return zip(foreign, errors).filter { $0.1 == nil }.map { $0.0.handle }
        } catch {
            host.report("queue \(name): messages that are not Headgate's stay in -lapsed: \(error)")
            return []
        }
    }
}

extension ReceivedMessage {
    /// A leased message as the caller sees it.
    fileprivate init(_ lease: Lease, handle: String, receives: Int, body: [UInt8]) {
        let envelope = lease.envelope
        self.init(
            id: envelope.id, receipt: Receipt(shard: 0, handle: handle), tenant: envelope.tenant, receives: receives,
            attempts: envelope.attempts, generation: envelope.generation, body: body)
    }
}
