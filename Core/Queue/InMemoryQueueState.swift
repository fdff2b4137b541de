import Model

/// The state of one in-memory queue: plain values and plain scans, written to be obviously right.
struct InMemoryQueueState {
    private struct Entry {
        var id: MessageID
        var tenant: String
        var cost: Double
        var generation: Int
        var attempts: Int
        var receives = 0
        var sent: Timestamp
        var body: [UInt8]
        var place: Place
    }

    private enum Place {
        case ready(tag: Double, order: Int)
        case delayed(until: Timestamp)
        case inFlight(handle: String, until: Timestamp)
        case dead(at: Timestamp, reason: String)
    }

    private var entries: [MessageID: Entry] = [:]
    private var handles: [String: MessageID] = [:]
    /// Settled ids: until when they stay known; nil while their outcome is unconfirmed.
    private var settled: [MessageID: Timestamp?] = [:]
    private var finishTags: [String: Double] = [:]
    private var virtualTime = 0.0
    private var order = 0
    private var epoch = 0
    private var settledCount = 0
    private var notices: [UInt8] = []

    mutating func send(_ message: OutgoingMessage, ticket: QueueTicket, mode: SendMode, now: Timestamp) -> SendResult {
        if now - ticket.time > QueueRules.ticketLifetime { return .stale }
        forget(now: now)
        if let entry = entries[message.id] {
            guard case .dead = entry.place, mode == .redrive || entry.generation < message.generation else {
                return .known
            }
        } else if settled[message.id] != nil && mode == .add {
            return .known
        }
        settled[message.id] = nil
        var entry = Entry(
            id: message.id, tenant: message.tenant, cost: message.cost, generation: message.generation,
            attempts: message.attempts, sent: now, body: message.body, place: .dead(at: now, reason: ""))
        let due = ticket.time + message.delay
        if due > now { entry.place = .delayed(until: due) } else { makeReady(&entry) }
        entries[message.id] = entry
        return .accepted
    }

    mutating func sendOutcome(_ body: [UInt8], now: Timestamp) {
        order += 1
        var entry = Entry(
            id: MessageID("o\(order)"), tenant: "", cost: 1, generation: 0, attempts: 0, sent: now, body: body,
            place: .dead(at: now, reason: ""))
        makeReady(&entry)
        entries[entry.id] = entry
    }

    /// Start-time fair queueing: a message starts where its tenant's last one finished, or now.
    private mutating func makeReady(_ entry: inout Entry) {
        let start = max(virtualTime, finishTags[entry.tenant] ?? 0)
        finishTags[entry.tenant] = start + entry.cost
        order += 1
        entry.place = .ready(tag: start, order: order)
    }

    @discardableResult
    mutating func promote(now: Timestamp, maximumReceives: Int) -> Int {
        var moved = 0
        let due = entries.values.compactMap { entry -> (Timestamp, MessageID)? in
            switch entry.place {
            case .delayed(let until) where until <= now: (until, entry.id)
            case .inFlight(_, let until) where until <= now: (until, entry.id)
            default: nil
            }
        }.sorted { ($0.0, $0.1.description) < ($1.0, $1.1.description) }
        for (_, id) in due {
            guard var entry = entries[id] else { continue }
            if case .inFlight(let handle, _) = entry.place {
                handles[handle] = nil
                if entry.receives >= maximumReceives {
                    let reason = BurialNotice.tooManyReceives(entry.receives)
                    notices += BurialNotice.line(id: id, generation: entry.generation, reason: reason)
                    entry.place = .dead(at: now, reason: reason)
                } else {
                    makeReady(&entry)
                }
            } else {
                makeReady(&entry)
            }
            entries[id] = entry
            moved += 1
        }
        return moved
    }

    mutating func lease(_ limit: Int, visibility: Duration, now: Timestamp, maximumReceives: Int) -> [ReceivedMessage] {
        promote(now: now, maximumReceives: maximumReceives)
        let ready = entries.values.compactMap { entry -> (Double, Int, MessageID)? in
            if case .ready(let tag, let order) = entry.place { (tag, order, entry.id) } else { nil }
        }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.prefix(limit)
        return ready.map { tag, _, id in
            var entry = entries[id]!
            virtualTime = max(virtualTime, tag)
            epoch += 1
            entry.receives += 1
            let handle = "\(id)|\(epoch)"
            entry.place = .inFlight(handle: handle, until: now + visibility)
            handles[handle] = id
            entries[id] = entry
            return ReceivedMessage(
                id: id, receipt: Receipt(shard: 0, handle: handle), tenant: entry.tenant, receives: entry.receives,
                attempts: entry.attempts, generation: entry.generation, body: entry.body)
        }
    }

    mutating func settle(
        _ settlement: Settlement, now: Timestamp, outcome: inout [UInt8], keepsKnown: Bool
    ) -> SettleResult {
        guard let id = handles.removeValue(forKey: settlement.receipt.handle), var entry = entries[id] else {
            return .stale
        }
        func later(_ delay: Duration) -> Bool { delay > .zero }
        switch settlement.verdict {
        case .acknowledge:
            entries[id] = nil
            settled[id] =
                .some(keepsKnown && !settlement.outcome.isEmpty ? nil : now + QueueRules.forgetAfter)
            settledCount += 1
        case .retry(let delay):
            entry.attempts += 1
            entry.receives = 0
            if later(delay) { entry.place = .delayed(until: now + delay) } else { makeReady(&entry) }
            entries[id] = entry
        case .release(let delay):
            entry.receives -= 1
            if later(delay) { entry.place = .delayed(until: now + delay) } else { makeReady(&entry) }
            entries[id] = entry
        case .bury(let reason):
            entry.attempts += 1
            entry.place = .dead(at: now, reason: reason)
            entries[id] = entry
        }
        outcome += settlement.outcome
        return .settled
    }

    mutating func extend(_ handle: String, to until: Timestamp) -> Bool {
        guard let id = handles[handle] else { return false }
        entries[id]?.place = .inFlight(handle: handle, until: until)
        return true
    }

    mutating func confirm(_ ids: [MessageID], now: Timestamp) {
        for id in ids where settled[id] != nil { settled[id] = .some(now + QueueRules.forgetAfter) }
    }

    /// The outcomes of settled messages are gone: they may be sent again.
    mutating func forgetUnconfirmed() {
        settled = settled.filter { $0.value != nil }
    }

    mutating func cancel(_ id: MessageID, now: Timestamp) -> CancelResult {
        guard let entry = entries[id] else {
            if case .some(.none) = settled[id] { return .inFlight }
            settled[id] = .some(now + QueueRules.forgetAfter)
            return .unknown
        }
        if case .inFlight = entry.place { return .inFlight }
        entries[id] = nil
        settled[id] = nil
        return .removed
    }

    func holds(_ id: MessageID) -> Bool {
        if case .some(.none) = settled[id] { return true }
        return entries[id] != nil
    }

    func deadLetters(_ limit: Int, tenant: String? = nil) -> [DeadLetter] {
        let dead = entries.values.compactMap { entry -> DeadLetter? in
            guard case .dead(let time, let reason) = entry.place, tenant.map({ $0 == entry.tenant }) ?? true else {
                return nil
            }
            return DeadLetter(
                id: entry.id, tenant: entry.tenant, diedAt: time, reason: reason, receives: entry.receives,
                attempts: entry.attempts, generation: entry.generation, body: entry.body)
        }
        return Array(dead.sorted { ($0.diedAt, $0.id.description) < ($1.diedAt, $1.id.description) }.prefix(limit))
    }

    mutating func redriveDead(_ limit: Int, rate: Double?, now: Timestamp) -> Int {
        let dead = deadLetters(limit)
        for (index, letter) in dead.enumerated() {
            var entry = entries[letter.id]!
            entry.receives = 0
            let delay = rate.map { Duration.milliseconds(Int64(Double(index) / $0 * 1_000)) } ?? .zero
            if delay > .zero { entry.place = .delayed(until: now + delay) } else { makeReady(&entry) }
            entries[letter.id] = entry
        }
        return dead.count
    }

    mutating func purge() -> Int {
        defer { self = InMemoryQueueState() }
        return entries.count
    }

    func statistics(now: Timestamp) -> QueueStatistics {
        var statistics = QueueStatistics()
        statistics.settled = settledCount
        var oldest: Timestamp?
        for entry in entries.values {
            switch entry.place {
            case .ready:
                statistics.ready += 1
                oldest = min(oldest ?? entry.sent, entry.sent)
            case .delayed: statistics.delayed += 1
            case .inFlight: statistics.inFlight += 1
            case .dead:
                statistics.dead += 1
                continue
            }
            statistics.tenants[entry.tenant, default: 0] += 1
        }
        statistics.oldestReady = oldest.map { now - $0 }
        return statistics
    }

    mutating func takeNotices() -> [UInt8] {
        defer { notices = [] }
        return notices
    }

    var nextDue: Timestamp? {
        entries.values.compactMap { entry in
            switch entry.place {
            case .delayed(let until), .inFlight(_, let until): until
            case .ready, .dead: nil
            }
        }.min()
    }

    private mutating func forget(now: Timestamp) {
        guard settled.count > 1_000 else {
            settled = settled.filter { $0.value.map { $0 > now } ?? true }
            return
        }
        if order % 1_000 == 0 { settled = settled.filter { $0.value.map { $0 > now } ?? true } }
    }
}
