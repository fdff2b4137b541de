import Model
import Queue

/// The state of an in-memory queue: entries, and indexes of them by due time and by order of service.
///
/// Indexes are lazy: an entry stays in one when it moves on, and whoever finds it there checks that it still applies.
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
        /// The earliest time asked for by sends during its lease, in a coalescing queue; only in a coalescing queue.
        var again: Timestamp?
    }

    private enum Place {
        case ready(tag: Double, order: Int)
        case delayed(until: Timestamp)
        case inFlight(handle: String, until: Timestamp)
        case dead(at: Timestamp, reason: String)

        /// When it changes by itself; nil: never.
        var due: Timestamp? {
            switch self {
            case .delayed(let until), .inFlight(_, let until): until
            case .ready, .dead: nil
            }
        }
    }

    private struct Ready: Comparable {
        var tag: Double
        var order: Int
        var id: MessageID

        static func < (left: Ready, right: Ready) -> Bool { (left.tag, left.order) < (right.tag, right.order) }
    }

    private struct Due: Comparable {
        var time: Timestamp
        var id: MessageID

        static func < (left: Due, right: Due) -> Bool {
            left.time == right.time ? left.id.description < right.id.description : left.time < right.time
        }
    }

    private let kind: QueueKind
    /// Whether deaths are recorded elsewhere, so that dead letters keep no body.
    private let hasOutcomes: Bool
    private var entries: [MessageID: Entry] = [:]
    private var handles: [String: MessageID] = [:]
    private var ready = Heap<Ready>()
    private var due = Heap<Due>()
    private var dead: Set<MessageID> = []
    /// By group, its messages and the time each was held until. An entry is stale once its message is not delayed until exactly
    /// then.
    private var held: [HoldGroup: [MessageID: Timestamp]] = [:]
    /// Known ids without a message (settled, or cancelled before their send): until when; nil: until confirmed.
    private var settled: [MessageID: Timestamp?] = [:]
    /// The index of settled ids that are forgotten at some time.
    private var ends = Heap<Due>()
    private var finishTags: [String: Double] = [:]
    private var virtualTime = 0.0
    private var order = 0
    private var epoch = 0
    private var settledCount = 0
    private var notices: [UInt8] = []

    init(kind: QueueKind, hasOutcomes: Bool) {
        self.kind = kind
        self.hasOutcomes = hasOutcomes
    }

    /// Messages that are ready, delayed or in flight.
    var liveCount: Int { entries.count - dead.count }

    mutating func send(_ message: OutgoingMessage, ticket: QueueTicket, mode: SendMode, now: Timestamp) -> SendResult {
        if now - ticket.time > QueueRules.ticketLifetime { return .stale }
        forget(now: now)
        if kind == .coalescing, let entry = entries[message.id], !dead.contains(message.id) {
            coalesce(entry, message, at: ticket.time + message.delay, now: now)
            return .coalesced
        }
        if let entry = entries[message.id] {
            guard case .dead = entry.place,
                mode == .redrive || kind == .coalescing || entry.generation < message.generation
            else {
                return .known
            }
        } else if settled[message.id] != nil && mode == .add {
            return .known
        }
        settled[message.id] = nil
        put(
            Entry(
                id: message.id, tenant: message.tenant, cost: message.cost, generation: message.generation,
                attempts: message.attempts, sent: now, body: message.body, place: .delayed(until: now)),
            at: ticket.time + message.delay, now: now)
        return .accepted
    }

    /// Merges a send into the message that the queue has (protocols.md, 16a).
    private mutating func coalesce(_ entry: Entry, _ message: OutgoingMessage, at time: Timestamp, now: Timestamp) {
        var entry = entry
        entry.body = message.body
        switch entry.place {
        case .inFlight:
            entry.again = min(entry.again ?? time, time)
            entries[entry.id] = entry
        case .delayed(let until) where time < until: put(entry, at: time, now: now)
        case .delayed, .ready, .dead: entries[entry.id] = entry
        }
    }

    mutating func sendOutcome(_ body: [UInt8], now: Timestamp) {
        order += 1
        put(
            Entry(
                id: MessageID("o\(order)"), tenant: "", cost: 1, generation: 0, attempts: 0, sent: now, body: body,
                place: .delayed(until: now)), at: now, now: now)
    }

    /// Makes an entry ready, or delays it until its time.
    private mutating func put(_ entry: Entry, at time: Timestamp, now: Timestamp) {
        var entry = entry
        if time > now { entry.place = .delayed(until: time) } else { makeReady(&entry) }
        set(entry)
    }

    private mutating func set(_ entry: Entry) {
        if case .dead = entry.place { dead.insert(entry.id) } else if !dead.isEmpty { dead.remove(entry.id) }
        if let time = entry.place.due { due.insert(Due(time: time, id: entry.id)) }
        entries[entry.id] = entry
    }

    private mutating func remove(_ id: MessageID) {
        entries[id] = nil
        dead.remove(id)
    }

    /// Start-time fair queueing: a message's start tag is its tenant's last finish tag, or the virtual time if that is
    /// later.
    private mutating func makeReady(_ entry: inout Entry) {
        let start = max(virtualTime, finishTags[entry.tenant] ?? 0)
        finishTags[entry.tenant] = start + entry.cost
        order += 1
        entry.place = .ready(tag: start, order: order)
        ready.insert(Ready(tag: start, order: order, id: entry.id))
    }

    @discardableResult
    mutating func promote(now: Timestamp, maximumReceives: Int) -> Int {
        var moved = 0
        while let first = due.first, first.time <= now {
            _ = due.popFirst()
            guard var entry = entries[first.id], entry.place.due == first.time else { continue }
            moved += 1
            if case .inFlight(let handle, _) = entry.place {
                handles[handle] = nil
                if entry.again != nil { entry.receives = 0 }
                if entry.receives >= maximumReceives {
                    let reason = BurialNotice.tooManyReceives(entry.receives)
                    notices += BurialNotice.line(id: entry.id, generation: entry.generation, reason: reason)
                    bury(entry, reason: reason, now: now)
                    continue
                }
            }
            makeReady(&entry)
            set(entry)
        }
        return moved
    }

    mutating func lease(_ limit: Int, visibility: Duration, now: Timestamp, maximumReceives: Int) -> [ReceivedMessage] {
        promote(now: now, maximumReceives: maximumReceives)
        var leased: [ReceivedMessage] = []
        while leased.count < limit, let first = ready.popFirst() {
            guard var entry = entries[first.id], case .ready(_, first.order) = entry.place else { continue }
            virtualTime = max(virtualTime, first.tag)
            epoch += 1
            entry.receives += 1
            // A send during the expired lease asked for this receive, unless its time is still to come.
            if let again = entry.again, again <= now { entry.again = nil }
            let handle = "\(entry.id)|\(epoch)"
            entry.place = .inFlight(handle: handle, until: now + visibility)
            handles[handle] = entry.id
            set(entry)
            leased.append(
                ReceivedMessage(
                    id: entry.id, receipt: Receipt(shard: 0, handle: handle), tenant: entry.tenant,
                    receives: entry.receives, attempts: entry.attempts, generation: entry.generation, body: entry.body))
        }
        return leased
    }

    /// Makes a dead letter. Beyond a tenant's limit only the id is kept, until the outcome is recorded.
    private mutating func bury(_ entry: Entry, reason: String, now: Timestamp) {
        var entry = entry
        entry.place = .dead(at: now, reason: reason)
        if hasOutcomes {
            entry.body = []
            let others = dead.lazy.filter { [entries] in entries[$0]?.tenant == entry.tenant }.count
            if others >= QueueRules.deadLetters {
                remove(entry.id)
                keepKnown(entry.id, until: nil)
                return
            }
        }
        set(entry)
    }

    mutating func dropOldDead(now: Timestamp) {
        guard hasOutcomes else { return }
        for id in dead {
            if case .dead(let time, _)? = entries[id]?.place, now - time >= QueueRules.deadLetterLifetime { remove(id) }
        }
    }

    mutating func settle(_ settlement: Settlement, now: Timestamp, outcome: inout [UInt8]) -> SettleResult {
        guard let id = handles.removeValue(forKey: settlement.receipt.handle), var entry = entries[id] else {
            return .stale
        }
        let again = entry.again
        entry.again = nil
        switch settlement.verdict {
        case .acknowledge where again != nil, .bury where again != nil:
            entry.receives = 0
            entry.attempts = 0
            put(entry, at: again ?? now, now: now)
        case .acknowledge where kind == .coalescing:
            remove(id)
            settledCount += 1
        case .acknowledge:
            remove(id)
            keepKnown(id, until: hasOutcomes && !settlement.outcome.isEmpty ? nil : now + QueueRules.forgetAfter)
            settledCount += 1
        case .retry(let delay):
            entry.attempts += 1
            entry.receives = 0
            put(entry, at: min(now + delay, again ?? .distantFuture), now: now)
        case .release(let delay):
            entry.receives -= 1
            put(entry, at: min(now + delay, again ?? .distantFuture), now: now)
        case .bury(let reason):
            entry.attempts += 1
            bury(entry, reason: reason, now: now)
        }
        outcome += settlement.outcome
        return .settled
    }

    mutating func hold(_ hold: Hold, now: Timestamp) -> Bool {
        let id = handles[hold.receipt.handle]
        var outcome: [UInt8] = []
        let due = Timestamp(seconds: (now + hold.delay + .microseconds(999_999)).seconds)
        let release = Settlement(hold.receipt, .release(after: due - now))
        guard settle(release, now: now, outcome: &outcome) == .settled, let id else { return false }
        held[hold.group, default: [:]][id] = due
        return true
    }

    mutating func wake(_ group: HoldGroup) -> Int {
        var count = 0
        // In the order in which they would have become due.
        let messages = (held.removeValue(forKey: group) ?? [:]).sorted {
            ($0.value, $0.key.description) < ($1.value, $1.key.description)
        }
        for (id, due) in messages {
            guard var entry = entries[id], case .delayed(due) = entry.place else { continue }
            makeReady(&entry)
            set(entry)
            count += 1
        }
        return count
    }

    mutating func extend(_ handle: String, to until: Timestamp) -> Bool {
        guard let id = handles[handle], var entry = entries[id] else { return false }
        entry.place = .inFlight(handle: handle, until: until)
        set(entry)
        return true
    }

    mutating func confirm(_ ids: [MessageID], now: Timestamp) {
        for id in ids where settled[id] != nil { keepKnown(id, until: now + QueueRules.forgetAfter) }
    }

    /// Forgets settled ids whose outcomes are lost, so that they can be sent again.
    mutating func forgetUnconfirmed() {
        settled = settled.filter { $0.value != nil }
    }

    mutating func cancel(_ id: MessageID, now: Timestamp) -> CancelResult {
        guard let entry = entries[id] else {
            if case .some(.none) = settled[id] { return .inFlight }
            if kind == .work { keepKnown(id, until: now + QueueRules.forgetAfter) }
            return .unknown
        }
        if case .inFlight = entry.place { return .inFlight }
        remove(id)
        settled[id] = nil
        return entry.receives + entry.attempts > 0 ? .removedAfterReceive : .removed
    }

    func holds(_ id: MessageID, generation: Int) -> Bool {
        if case .some(.none) = settled[id] { return true }
        guard let entry = entries[id] else { return false }
        if case .dead = entry.place { return entry.generation >= generation }
        return true
    }

    func deadLetters(_ limit: Int, tenant: String? = nil) -> [DeadLetter] {
        let letters = dead.compactMap { id -> DeadLetter? in
            guard let entry = entries[id], case .dead(let time, let reason) = entry.place,
                tenant.map({ $0 == entry.tenant }) ?? true
            else { return nil }
            return DeadLetter(
                id: entry.id, tenant: entry.tenant, diedAt: time, reason: reason, receives: entry.receives,
                attempts: entry.attempts, generation: entry.generation, body: entry.body)
        }
        return Array(letters.sorted { ($0.diedAt, $0.id.description) < ($1.diedAt, $1.id.description) }.prefix(limit))
    }

    mutating func redriveDead(_ limit: Int, rate: Double?, now: Timestamp) -> Int {
        let letters = deadLetters(limit)
        for (index, letter) in letters.enumerated() {
            var entry = entries[letter.id]!
            entry.receives = 0
            let delay = rate.map { Duration.milliseconds(Int64(Double(index) / $0 * 1_000)) } ?? .zero
            put(entry, at: now + delay, now: now)
        }
        return letters.count
    }

    mutating func purge() -> Int {
        let count = entries.count
        // Epochs must not repeat, or a receipt from before the purge could settle a later lease.
        let epoch = epoch
        self = InMemoryQueueState(kind: kind, hasOutcomes: hasOutcomes)
        self.epoch = epoch
        return count
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

    /// Messages waiting for a worker.
    func waiting(now: Timestamp) -> Int {
        entries.values.lazy.filter { entry in
            switch entry.place {
            case .ready: true
            case .delayed(let until): until <= now
            case .inFlight, .dead: false
            }
        }.count
    }

    /// Tenants with at least a twentieth of the live messages or their bytes: their messages, and share of the bytes.
    func parts() -> [String: QueuePressure.Part] {
        var parts: [String: (messages: Int, bytes: Int)] = [:]
        for entry in entries.values where !dead.contains(entry.id) {
            let known = parts[entry.tenant] ?? (0, 0)
            parts[entry.tenant] = (known.messages + 1, known.bytes + entry.body.count + 200)
        }
        let bytes = parts.values.reduce(0) { $0 + $1.bytes }
        return parts.filter { $0.value.messages * 20 >= liveCount || $0.value.bytes * 20 >= bytes }
            .mapValues { QueuePressure.Part(messages: $0.messages, bytes: Double($0.bytes) / Double(bytes)) }
    }

    mutating func takeNotices() -> [UInt8] {
        defer { notices = [] }
        return notices
    }

    /// Whether a lease would find a message without waiting.
    mutating func hasReady() -> Bool {
        while let first = ready.first {
            if case .ready(_, first.order)? = entries[first.id]?.place { return true }
            _ = ready.popFirst()
        }
        return false
    }

    mutating func nextDue() -> Timestamp? {
        while let first = due.first {
            if entries[first.id]?.place.due == first.time { return first.time }
            _ = due.popFirst()
        }
        return nil
    }

    private mutating func keepKnown(_ id: MessageID, until end: Timestamp?) {
        settled[id] = .some(end)
        if let end { ends.insert(Due(time: end, id: id)) }
    }

    private mutating func forget(now: Timestamp) {
        while let first = ends.first, first.time <= now {
            _ = ends.popFirst()
            if settled[first.id] == .some(first.time) { settled[first.id] = nil }
        }
    }
}
