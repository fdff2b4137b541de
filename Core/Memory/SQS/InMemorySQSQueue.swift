import Model
import SQS

/// One queue of `InMemorySQSStore`: a list of messages, and what SQS says of them.
struct InMemorySQSQueue: Sendable {
    var record: QueueRecord
    /// Whether somebody waits for something to give.
    var isAwaited = false
    /// In the order of their numbers.
    private var messages: [Message] = []
    private var lastNumber = 0
    private var lastPurge: Timestamp?
    /// When a group of a standard queue is served next, in turns, and the present turn.
    private var turns: [String: Int] = [:]
    private var turn = 0
    private var known: [String: (sent: SQSSent, end: Timestamp)] = [:]
    private var attempts: [String: Attempt] = [:]

    private struct Message {
        var message: SQSMessage
        var number: Int
        var rank: Int
        var sent: Timestamp
        var receives = 0
        var first: Timestamp?
        var last: Timestamp?
        var origin: String?
        var delayedUntil: Timestamp?
        var invisibleUntil: Timestamp?

        var isVisible: Bool { delayedUntil == nil && invisibleUntil == nil }
        func isNamed(by handle: ReceiptHandle) -> Bool {
            number == handle.number && message.groupID == handle.groupID
        }
        var stored: SQSStoredMessage {
            SQSStoredMessage(
                message: message, number: number, receives: receives, sent: sent, firstReceived: first, origin: origin)
        }
    }
    private struct Attempt {
        var given: [(number: Int, receives: Int, until: Timestamp)]
        var end: Timestamp
    }

    init(_ record: QueueRecord) { self.record = record }

    private var settings: QueueSettings { record.settings }
    private var isFIFO: Bool { record.settings.isFIFO }

    /// The queue's address, if somebody waits for it and it has something to give.
    mutating func wake() -> QueueAddress? {
        guard isAwaited, !candidates.isEmpty else { return nil }
        isAwaited = false
        return record.address
    }

    /// Removes what is too old; what is due, or whose visibility timeout has ended, becomes visible.
    mutating func pass(_ now: Timestamp) {
        let oldest = now - .seconds(settings.retention)
        messages.removeAll { $0.sent <= oldest }
        let late = messages.indices.filter { messages[$0].invisibleUntil.map { $0 <= now } ?? false }
            .sorted {
                (messages[$0].invisibleUntil!, messages[$0].number) < (
                    messages[$1].invisibleUntil!, messages[$1].number
                )
            }
        for index in late { show(index) }
        let due = messages.indices.filter { messages[$0].delayedUntil.map { $0 <= now } ?? false }
        for index in due { appear(index) { $0.delayedUntil = nil } }
    }

    /// Makes a message visible again; in a standard queue it goes behind what waits.
    private mutating func show(_ index: Int) {
        lastNumber += isFIFO ? 0 : 1
        let rank = lastNumber
        appear(index) { [isFIFO] message in
            message.invisibleUntil = nil
            if !isFIFO { message.rank = rank }
        }
    }

    /// Changes a message so that it becomes visible. A group that had nothing to give begins at the present turn.
    private mutating func appear(_ index: Int, _ body: (inout Message) -> Void) {
        let group = messages[index].message.groupID
        if !messages.contains(where: { $0.message.groupID == group && $0.isVisible }) { turns[group] = turn }
        body(&messages[index])
    }

    func nextChange(_ now: Timestamp) -> Duration? {
        messages.compactMap { $0.delayedUntil ?? $0.invisibleUntil }.min().map { max(.zero, $0 - now) }
    }

    mutating func send(_ delivery: SQSDelivery, _ now: Timestamp) -> SQSSent {
        let key = delivery.deduplicationKey(in: record)
        if let key, let earlier = known[key], earlier.end > now { return earlier.sent }
        let number = add(delivery, now)
        let sent = SQSSent(id: delivery.message.id, number: number)
        if let key { known[key] = (sent, now + .seconds(SQSLimits.deduplication)) }
        return sent
    }

    @discardableResult mutating func add(_ delivery: SQSDelivery, _ now: Timestamp) -> Int {
        lastNumber += 1
        var message = Message(message: delivery.message, number: lastNumber, rank: lastNumber, sent: now)
        message.delayedUntil = now
        messages.append(message)
        appear(messages.endIndex - 1) { message in
            message.delayedUntil = delivery.delay > 0 ? now + .seconds(delivery.delay) : nil
        }
        return lastNumber
    }

    // MARK: Receiving

    /// The places of the messages that can be given, in the order in which they would be.
    private var candidates: [Int] { isFIFO ? runs : fairOrder }

    /// FIFO: the longest visible run from the head of each group, oldest head first.
    private var runs: [Int] {
        var (closed, order): (Set<String>, [String]) = ([], [])
        var byGroup: [String: [Int]] = [:]
        for (index, message) in messages.enumerated() where !closed.contains(message.message.groupID) {
            let group = message.message.groupID
            guard message.isVisible else {
                closed.insert(group)
                continue
            }
            if byGroup[group] == nil { order.append(group) }
            byGroup[group, default: []].append(index)
        }
        return order.flatMap { byGroup[$0]! }
    }

    /// Standard: by turns of the groups; those with at least 30 messages, and more than a tenth of all, in flight come
    /// after the others.
    private var fairOrder: [Int] {
        let flying = messages.filter { $0.invisibleUntil != nil }
        let all = Dictionary(grouping: flying) { $0.message.groupID }.mapValues(\.count)
        var lists = Dictionary(grouping: messages.indices.filter { messages[$0].isVisible }) {
            messages[$0].message.groupID
        }.mapValues { $0.sorted { messages[$0].rank < messages[$1].rank } }
        var next = turns
        var order: [Int] = []
        let isShared = lists.count > 1
        func isBusy(_ group: String) -> Bool {
            let count = all[group] ?? 0
            return isShared && count >= 30 && count * 10 > flying.count
        }
        while let group = lists.keys.min(by: {
            (isBusy($0) ? 1 : 0, next[$0] ?? 0, $0) < (isBusy($1) ? 1 : 0, next[$1] ?? 0, $1)
        }) {
            order.append(lists[group]!.removeFirst())
            next[group] = (next[group] ?? 0) + 1
            if lists[group]!.isEmpty { lists[group] = nil }
        }
        return order
    }

    mutating func receive(
        _ options: SQSReceive, _ now: Timestamp, deadLetters: inout InMemorySQSQueue?
    ) -> SQSReceived {
        var result = SQSReceived()
        if let id = options.attemptID, let again = repeatAttempt(id, options.visibility ?? settings.visibility, now) {
            result.messages = again
            return result
        }
        let flying = messages.count { $0.invisibleUntil != nil }
        guard flying < options.inFlightLimit else {
            result.isOverLimit = !options.waits && !isFIFO
            return result
        }
        let limit = min(options.limit, options.inFlightLimit - flying)
        let visibility = options.visibility ?? settings.visibility
        let until = now + .seconds(visibility)
        var moved: Set<Int> = []
        for index in candidates {
            if result.messages.count == limit { break }
            let group = messages[index].message.groupID
            if !isFIFO {
                turn = max(turn, turns[group] ?? 0)
                turns[group] = (turns[group] ?? 0) + 1
            }
            if let policy = settings.redrive, deadLetters != nil, messages[index].receives >= policy.maximumReceives {
                deadLetters!.addDead(messages[index], from: record.address.name, now)
                moved.insert(messages[index].number)
                continue
            }
            messages[index].receives += 1
            messages[index].first = messages[index].first ?? now
            messages[index].last = now
            messages[index].invisibleUntil = until
            result.messages.append(messages[index].stored)
        }
        messages.removeAll { moved.contains($0.number) }
        if let id = options.attemptID, !result.messages.isEmpty {
            attempts[id] = Attempt(
                given: result.messages.map { ($0.number, $0.receives, until) },
                end: now + .seconds(SQSLimits.deduplication))
        }
        return result
    }

    private mutating func repeatAttempt(
        _ id: String, _ visibility: Int, _ now: Timestamp
    ) -> [SQSStoredMessage]? {
        guard let attempt = attempts[id], attempt.end > now else { return nil }
        let places = attempt.given.compactMap { entry in
            messages.firstIndex {
                $0.number == entry.number && $0.receives == entry.receives && $0.invisibleUntil == entry.until
            }
        }
        guard places.count == attempt.given.count else { return nil }
        let until = now + .seconds(visibility)
        for (entry, index) in places.enumerated() {
            messages[index].invisibleUntil = until
            attempts[id]!.given[entry].until = until
        }
        return places.map { messages[$0].stored }
    }

    /// Adds a message that was received too often in another queue. It keeps its id, body and receive count, and in a
    /// standard queue its age.
    private mutating func addDead(_ dead: Message, from origin: String, _ now: Timestamp) {
        add(SQSDelivery(dead.message), now)
        let index = messages.endIndex - 1
        messages[index].sent = isFIFO ? now : dead.sent
        messages[index].receives = dead.receives
        messages[index].first = dead.first
        messages[index].last = dead.last
        messages[index].origin = origin
    }

    // MARK: By handle

    mutating func delete(_ handle: ReceiptHandle, _ now: Timestamp) -> SQSDeletion {
        guard let index = messages.firstIndex(where: { $0.isNamed(by: handle) }), messages[index].receives > 0
        else { return .deleted }
        let isLatest = messages[index].receives == handle.receives
        if isFIFO, !isLatest || messages[index].invisibleUntil == nil { return .expired }
        guard isLatest else { return .outdated }
        messages.remove(at: index)
        return .deleted
    }

    mutating func changeVisibility(
        _ handle: ReceiptHandle, _ timeout: Int, _ now: Timestamp
    ) -> SQSVisibilityChange {
        guard
            let index = messages.firstIndex(where: {
                $0.isNamed(by: handle) && $0.receives == handle.receives && $0.receives > 0
            }), !isFIFO || messages[index].invisibleUntil != nil
        else { return .unavailable }
        let age = (now - messages[index].last!).milliseconds / 1_000
        guard Int(age) + timeout <= SQSLimits.visibility else { return .beyondLimit }
        if timeout > 0 {
            messages[index].invisibleUntil = now + .seconds(timeout)
        } else if messages[index].invisibleUntil != nil {
            show(index)
        }
        return .changed
    }

    mutating func giveBack(_ handle: ReceiptHandle) {
        guard
            let index = messages.firstIndex(where: {
                $0.isNamed(by: handle) && $0.receives == handle.receives && $0.invisibleUntil != nil
            })
        else { return }
        appear(index) { message in
            message.invisibleUntil = nil
            message.receives -= 1
            if message.receives == 0, message.rank == message.number { message.first = nil }
        }
    }

    // MARK: As a whole

    var counts: SQSCounts {
        let flying = messages.count { $0.invisibleUntil != nil }
        let delayed = messages.count { $0.delayedUntil != nil }
        return SQSCounts(visible: messages.count - flying - delayed, inFlight: flying, delayed: delayed)
    }

    mutating func purge(_ now: Timestamp) -> Bool {
        if let lastPurge, now - lastPurge < .seconds(SQSLimits.pause) { return false }
        lastPurge = now
        messages = []
        attempts = [:]
        return true
    }

    func peek(_ state: SQSMessageState, _ limit: Int) -> [SQSStoredMessage] {
        let chosen =
            switch state {
            case .visible where isFIFO: runs.map { messages[$0] }
            case .visible:
                messages.filter(\.isVisible).sorted {
                    ($0.message.groupID, $0.rank) < ($1.message.groupID, $1.rank)
                }
            case .inFlight:
                messages.filter { $0.invisibleUntil != nil }.sorted {
                    ($0.invisibleUntil!, $0.number) < ($1.invisibleUntil!, $1.number)
                }
            case .delayed:
                messages.filter { $0.delayedUntil != nil }.sorted {
                    ($0.delayedUntil!, $0.number) < ($1.delayedUntil!, $1.number)
                }
            }
        return chosen.prefix(limit).map(\.stored)
    }

    /// Removes a message to move it elsewhere. False: it is not visible, or not there.
    mutating func take(number: Int) -> Bool {
        guard let index = messages.firstIndex(where: { $0.number == number && $0.isVisible }) else { return false }
        messages.remove(at: index)
        return true
    }
}
