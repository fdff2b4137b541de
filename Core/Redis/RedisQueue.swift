package import Model
package import Queue
import Synchronization

/// `MessageQueue` in Redis: each operation is a Lua script in `scripts/`, which documents its keys and effects.
///
/// Unless stated otherwise a verb is one round trip for all shards that its arguments concern. An idle `receive` costs
/// one blocked command. A message's shard is a hash of its id.
package final class RedisQueue: HoldingQueue {
    /// Part of every key.
    package let name: QueueName
    /// Shards, visibility and maximum receives; the same in every function that uses the queue.
    package let configuration: QueueConfiguration
    let scripts: RedisQueueScripts
    private let connection: RedisConnection
    private let waiter: RedisWaiter
    /// The queue's keys by shard, each in the order of `RedisQueueKey`.
    let keys: [[String]]
    /// The keys of the other queue of a settlement or confirmation, by shard.
    let outcomeKeys: [[String]]?
    let sourceKeys: [[String]]?
    private let clock: (@Sendable () -> Timestamp)?
    /// Which shard a receive asks first, in rotation.
    private let turn = Atomic<Int>(0)
    private let generations: Mutex<[SeenGeneration]>

    /// The latest generation that this receiver has seen of a shard, and since when the shard shows an older one.
    private struct SeenGeneration {
        var counter = 0
        var pausedSince: ContinuousClock.Instant?
    }
    /// A shard that went back is left alone until the monitor has reconciled it, but without a monitor no longer than
    /// this.
    private static let longestPause = Duration.seconds(60)
    /// How soon a paused shard is asked again.
    private static let pauseStep = Duration.milliseconds(200)
    /// Where the repair and trim scans of `maintain` stand, by shard.
    let cursors = Mutex<[Int: (String, String)]>([:])

    /// A queue that connects at its first call.
    ///
    /// - Parameters:
    ///   - outcomes: the queue that settlements send to; it has as many shards as this one.
    ///   - source: for an outcome queue, the queue whose ids it confirms.
    ///   - prefix: first part of every key, so that tests can share a server.
    ///   - clock: replaces Redis's clock in tests and virtual time.
    package init(
        name: QueueName, configuration: QueueConfiguration, url: RedisURL, outcomes: QueueName? = nil,
        source: QueueName? = nil, prefix: String = "hg", clock: (@Sendable () -> Timestamp)? = nil
    ) {
        self.name = name
        precondition(
            configuration.kind == .work || outcomes == nil && source == nil, "a coalescing queue has no outcomes")
        self.configuration = configuration
        scripts = configuration.kind == .coalescing ? .coalescing : .work
        self.clock = clock
        connection = RedisConnection(url: url)
        waiter = RedisWaiter(url: url)
        let shards = 0..<configuration.shards
        generations = Mutex(shards.map { _ in SeenGeneration() })
        keys = shards.map { RedisQueue.keys(of: name, shard: $0, prefix: prefix) }
        outcomeKeys = outcomes.map { other in shards.map { RedisQueue.keys(of: other, shard: $0, prefix: prefix) } }
        sourceKeys = source.map { other in shards.map { RedisQueue.keys(of: other, shard: $0, prefix: prefix) } }
    }

    /// The hash tag is the shard, so that a queue and the queue it settles into share a cluster slot.
    private static func keys(of name: QueueName, shard: Int, prefix: String) -> [String] {
        RedisQueueKey.allCases.map { "\(prefix):{\(shard)}:\(name):\($0.rawValue)" }
    }
    /// The counters hash of each shard.
    var counterKeys: [String] { keys.map { $0[RedisQueueKey.counters.index] } }

    /// The time by which the queue's delays run, read from shard 0.
    package func ticket() async throws(QueueError) -> QueueTicket {
        if let clock { return QueueTicket(time: clock()) }
        let reply = try await call([ScriptCall(scripts.now, keys: keys[0], arguments: arguments())])[0]
        guard let milliseconds = reply.int else { throw unexpected("now") }
        return QueueTicket(time: Timestamp(milliseconds: Int64(milliseconds)))
    }

    /// The server's own clock (`TIME`), without the high-water mark of the scripts' time.
    package func serverClock() async throws(QueueError) -> Timestamp {
        if let clock { return clock() }
        return try time(
            try await run { connection throws(RedisError) in
                try await connection.call([RedisCommand("TIME")])[0].checked()
            })
    }

    /// Reads the reply to `TIME`.
    func time(_ reply: RedisReply) throws(QueueError) -> Timestamp {
        guard let parts = reply.array?.compactMap(\.int), parts.count == 2 else { throw unexpected("TIME") }
        return Timestamp(microseconds: Int64(parts[0]) * 1_000_000 + Int64(parts[1]))
    }

    /// Adds messages, up to 250 per script call; results are in the order of the messages.
    package func send(
        _ messages: [OutgoingMessage], ticket: QueueTicket, mode: SendMode
    ) async throws(QueueError) -> [SendResult] {
        try await scatter(messages, shard: { $0.id.shard(of: configuration.shards) }, limit: 250) { shard, messages in
            var arguments = self.arguments(capacity: messages.reduce(64) { $0 + $1.body.count + 120 })
            arguments.append(ticket.time.milliseconds)
            arguments.append(mode == .redrive ? "1" : "0")
            for message in messages {
                arguments.append(message.id.description)
                arguments.append(max(0, message.delay.milliseconds))
                arguments.append(QueueItem.head(of: message))
                arguments.append(message.tenant)
                arguments.append(message.body)
            }
            return ScriptCall(scripts.send, keys: self.keys[shard], arguments: arguments)
        } result: { reply in
            switch reply.int {
            case 1: .accepted
            case 2: .coalesced
            case -1: .stale
            default: .known
            }
        }
    }

    /// Leases up to `limit` messages, waiting up to `wait`, at most 20 s, for the first.
    ///
    /// Each attempt asks the shards in rotation; between attempts it blocks on the wake markers of all of them until
    /// something may be due.
    package func receive(
        upTo limit: Int, visibility: Duration, wait: Duration
    ) async throws(QueueError) -> [ReceivedMessage] {
        precondition(limit > 0, "receive needs a limit of at least 1")
        let deadline = ContinuousClock.now + min(wait, QueueRules.maximumWait)
        while true {
            let (messages, nextDue) = try await lease(limit, visibility: visibility)
            let now = ContinuousClock.now
            if !messages.isEmpty || now >= deadline || Task.isCancelled { return messages }
            let until = nextDue.map { min(deadline, now + max($0, .milliseconds(1))) } ?? deadline
            do {
                try await waiter.wait(keys: keys.map { $0[RedisQueueKey.wake.index] }, until: until)
            } catch {
                throw queueError(error)
            }
        }
    }

    /// One attempt to lease: asks the shards in turn for equal parts, and again those that had more to promote. Returns
    /// the messages, and how long until a shard next changes by itself (nil: none does).
    private func lease(_ limit: Int, visibility: Duration) async throws(QueueError) -> ([ReceivedMessage], Duration?) {
        let shards = keys.count
        let first = turn.add(1, ordering: .relaxed).oldValue
        var rounds: [[(shard: Int, limit: Int)]] = []
        if limit >= shards {
            rounds = [(0..<shards).map { ((first &+ $0) % shards, limit / shards + ($0 < limit % shards ? 1 : 0)) }]
        } else {
            rounds = (0..<shards).map { [((first &+ $0) % shards, limit)] }
        }
        var messages: [ReceivedMessage] = []
        var nextDue: Duration?
        for round in rounds where messages.isEmpty {
            var pending = round
            while !pending.isEmpty {
                let calls = pending.map { part in
                    var arguments = self.arguments()
                    arguments.append(part.limit)
                    arguments.append(visibility.milliseconds)
                    arguments.append(configuration.maximumReceives)
                    arguments.append(seenGeneration(of: part.shard))
                    return ScriptCall(scripts.receive, keys: bothKeys(part.shard), arguments: arguments)
                }
                var again: [(shard: Int, limit: Int)] = []
                for (part, reply) in zip(pending, try await call(calls)) {
                    let fields = try list(reply)
                    guard fields.count >= 2, let head = fields[0].int, let counter = fields[1].int else {
                        throw unexpected("receive")
                    }
                    see(counter, of: part.shard)
                    if head == -3 { nextDue = min(nextDue ?? RedisQueue.pauseStep, RedisQueue.pauseStep) }
                    if head == -2 { again.append(part) }
                    if head >= 0 { nextDue = min(nextDue ?? .seconds(3_600), .milliseconds(head)) }
                    try decode(fields.dropFirst(2), shard: part.shard, into: &messages)
                }
                pending = again
            }
        }
        return (messages, nextDue)
    }

    /// The latest generation seen of a shard. Once the shard has been paused for too long it is 0, which accepts any.
    private func seenGeneration(of shard: Int) -> Int {
        generations.withLock { generations in
            if let since = generations[shard].pausedSince, ContinuousClock.now - since > RedisQueue.longestPause {
                generations[shard] = SeenGeneration()
            }
            return generations[shard].counter
        }
    }

    /// Takes note of the generation that a shard answered with.
    private func see(_ counter: Int, of shard: Int) {
        generations.withLock { generations in
            if counter >= generations[shard].counter {
                generations[shard] = SeenGeneration(counter: counter)
            } else if generations[shard].pausedSince == nil {
                generations[shard].pausedSince = .now
            }
        }
    }

    private func decode(
        _ fields: ArraySlice<RedisReply>, shard: Int, into messages: inout [ReceivedMessage]
    ) throws(QueueError) {
        messages.reserveCapacity(messages.count + fields.count / 3)
        for index in stride(from: fields.startIndex, to: fields.endIndex, by: 3) {
            guard index + 2 < fields.endIndex, let id = fields[index].text,
                let item = fields[index + 1].byteString.flatMap({ QueueItem($0) }),
                let body = fields[index + 2].byteString
            else { throw unexpected("receive") }
            messages.append(
                ReceivedMessage(
                    id: MessageID(id), receipt: Receipt(shard: shard, handle: "\(id)|\(item.epoch)"),
                    tenant: item.tenant, receives: item.receives, attempts: item.attempts,
                    generation: item.generation, body: body))
        }
    }

    /// Ends leases, up to 500 per script call; each call's outcomes go to the outcome queue as one message.
    package func settle(_ settlements: [Settlement]) async throws(QueueError) -> [SettleResult] {
        try await scatter(settlements, shard: { $0.receipt.shard }, limit: 500) { shard, settlements in
            var arguments = self.arguments(capacity: settlements.reduce(64) { $0 + $1.outcome.count + 120 })
            arguments.append(settlements.count)
            for settlement in settlements {
                arguments.append(settlement.receipt.handle)
                let (verdict, rest): (String, (delay: Duration, reason: String)?) =
                    switch settlement.verdict {
                    case .acknowledge: ("a", nil)
                    case .retry(let delay): ("r", (delay, ""))
                    case .release(let delay): ("l", (delay, ""))
                    case .bury(let reason): ("b", (.zero, reason))
                    }
                arguments.append(verdict)
                arguments.append(settlement.outcome)
                guard let rest else { continue }
                arguments.append(max(0, rest.delay.milliseconds))
                arguments.append(rest.reason)
            }
            return ScriptCall(scripts.settle, keys: self.bothKeys(shard), arguments: arguments)
        } result: {
            $0.int == 1 ? .settled : .stale
        }
    }

    /// Ends leases and records what the messages wait for. One round trip per group.
    package func hold(_ holds: [Hold]) async throws(QueueError) -> [Bool] {
        precondition(configuration.kind == .work, "hints are not held")
        var results = [Bool](repeating: false, count: holds.count)
        for (group, places) in Dictionary(grouping: holds.indices, by: { holds[$0].group }) {
            let held = try await scatter(places, shard: { holds[$0].receipt.shard }, limit: 500) { shard, places in
                var arguments = self.arguments(capacity: 64 + places.count * 80)
                for place in places {
                    arguments.append(holds[place].receipt.handle)
                    arguments.append(max(1, holds[place].delay.milliseconds))
                }
                return ScriptCall(
                    scripts.hold, keys: self.keys[shard] + [self.key(of: group, shard)], arguments: arguments)
            } result: {
                $0.int == 1
            }
            for (place, isHeld) in zip(places, held) { results[place] = isHeld }
        }
        return results
    }

    /// Makes a group's held messages ready, 500 per script call, shard by shard, so that others are served in between.
    package func wake(_ group: HoldGroup) async throws(QueueError) -> Int {
        var count = 0
        for shard in keys.indices {
            while true {
                var arguments = self.arguments()
                arguments.append(RedisQueue.wokenAtOnce)
                let call = ScriptCall(
                    scripts.wake, keys: keys[shard] + [key(of: group, shard)], arguments: arguments)
                let numbers = try list(try await self.call([call])[0]).compactMap(\.int)
                guard numbers.count == 2 else { throw unexpected("wake") }
                count += numbers[1]
                if numbers[0] < RedisQueue.wokenAtOnce { break }
            }
        }
        return count
    }
    private static let wokenAtOnce = 500

    /// Derived from the queue's own keys, so that it is in the same slot.
    private func key(of group: HoldGroup, _ shard: Int) -> String { keys[shard][0] + "h:\(group)" }

    /// Extends leases to `visibility` from now; false where the lease had ended.
    package func extend(_ receipts: [Receipt], visibility: Duration) async throws(QueueError) -> [Bool] {
        try await scatter(receipts, shard: \.shard, limit: 1_000) { shard, receipts in
            var arguments = self.arguments()
            arguments.append(visibility.milliseconds)
            for receipt in receipts { arguments.append(receipt.handle) }
            return ScriptCall(scripts.extend, keys: self.keys[shard], arguments: arguments)
        } result: {
            $0.int == 1
        }
    }

    /// Acknowledges outcome messages and marks their ids as recorded in the source queue; traps without a source. Takes
    /// a second round trip for ids whose shard has none of the receipts.
    package func confirm(_ receipts: [Receipt], recorded ids: [MessageID]) async throws(QueueError) -> [Bool] {
        guard let sourceKeys else { preconditionFailure("queue \(name) confirms nothing: it has no source") }
        let byShard = Dictionary(grouping: ids) { $0.shard(of: keys.count) }
        var isFirst: Set<Int> = []
        let results = try await scatter(receipts, shard: \.shard, limit: 1_000) { shard, receipts in
            var arguments = self.arguments()
            arguments.append(receipts.count)
            for receipt in receipts { arguments.append(receipt.handle) }
            if isFirst.insert(shard).inserted {
                for id in byShard[shard] ?? [] { arguments.append(id.description) }
            }
            return ScriptCall(
                scripts.confirm, keys: self.keys[shard] + sourceKeys[shard], arguments: arguments)
        } result: {
            $0.int == 1
        }
        let rest = byShard.filter { !isFirst.contains($0.key) }.map { shard, ids in
            var arguments = self.arguments()
            arguments.append(0)
            for id in ids { arguments.append(id.description) }
            return ScriptCall(
                scripts.confirm, keys: self.keys[shard] + sourceKeys[shard], arguments: arguments)
        }
        for reply in try await call(rest) { _ = try list(reply) }
        return results
    }

    /// Removes messages that nobody holds; results are in the order of the ids.
    package func cancel(_ ids: [MessageID]) async throws(QueueError) -> [CancelResult] {
        try await scatter(ids, shard: { $0.shard(of: keys.count) }, limit: 1_000) { shard, ids in
            var arguments = self.arguments()
            for id in ids { arguments.append(id.description) }
            return ScriptCall(scripts.cancel, keys: self.keys[shard], arguments: arguments)
        } result: { reply in
            switch reply.int {
            case 2: .removed
            case 3: .removedAfterReceive
            case 1: .inFlight
            default: .unknown
            }
        }
    }

    /// Whether the queue has each message, or waits for its outcome to be recorded.
    package func holds(_ messages: [(id: MessageID, generation: Int)]) async throws(QueueError) -> [Bool] {
        try await scatter(messages, shard: { $0.id.shard(of: keys.count) }, limit: 1_000) { shard, messages in
            var arguments = self.arguments()
            for message in messages {
                arguments.append(message.id.description)
                arguments.append(message.generation)
            }
            return ScriptCall(scripts.holds, keys: self.keys[shard], arguments: arguments)
        } result: {
            $0.int == 1
        }
    }

    // MARK: Calls

    /// A command without a name, whose first argument is the clock (0: Redis's own).
    func arguments(capacity: Int = 64) -> RedisCommand {
        var command = RedisCommand(capacity: capacity)
        command.append(clock.map { $0().milliseconds } ?? 0)
        return command
    }

    private func bothKeys(_ shard: Int) -> [String] { keys[shard] + (outcomeKeys?[shard] ?? []) }

    /// Calls a script on every shard; `fill` appends the arguments of each.
    func callAll(
        _ script: RedisScript, _ fill: (inout RedisCommand, Int) -> Void
    ) async throws(QueueError) -> [RedisReply] {
        try await call(
            keys.indices.map { shard in
                var arguments = self.arguments()
                fill(&arguments, shard)
                return ScriptCall(script, keys: bothKeys(shard), arguments: arguments)
            })
    }

    /// Groups arguments by shard in parts of at most `limit`, makes all calls in one round trip, and returns the
    /// results in the order of the arguments.
    func scatter<Argument, Result>(
        _ arguments: [Argument], shard: (Argument) -> Int, limit: Int,
        call make: (Int, [Argument]) -> ScriptCall, result: (RedisReply) -> Result
    ) async throws(QueueError) -> [Result] {
        if arguments.isEmpty { return [] }
        var places = Array(repeating: [Int](), count: keys.count)
        for (index, argument) in arguments.enumerated() { places[shard(argument)].append(index) }
        var parts: [ArraySlice<Int>] = []
        var calls: [ScriptCall] = []
        for (shard, places) in places.enumerated() {
            for start in stride(from: 0, to: places.count, by: limit) {
                let part = places[start..<min(start + limit, places.count)]
                parts.append(part)
                calls.append(make(shard, part.map { arguments[$0] }))
            }
        }
        var results = [Result?](repeating: nil, count: arguments.count)
        for (part, reply) in zip(parts, try await call(calls)) {
            let list = try self.list(reply)
            guard list.count == part.count else { throw unexpected(calls[0].script.name) }
            for (place, reply) in zip(part, list) { results[place] = result(reply) }
        }
        return results.map { $0! }
    }

    func call(_ calls: [ScriptCall]) async throws(QueueError) -> [RedisReply] {
        if calls.isEmpty { return [] }
        return try await run { connection throws(RedisError) in try await connection.call(calls) }
    }

    func run<Value: Sendable>(
        _ body: (RedisConnection) async throws(RedisError) -> Value
    ) async throws(QueueError) -> Value {
        do {
            return try await body(connection)
        } catch {
            throw queueError(error)
        }
    }

    /// The elements of a reply; an error reply, or anything but an array, is thrown.
    func list(_ reply: RedisReply) throws(QueueError) -> [RedisReply] {
        if case .error(let text) = reply { throw queueError(RedisError(.refused, text)) }
        guard let list = reply.array else { throw unexpected("a list") }
        return list
    }

    func unexpected(_ what: String) -> QueueError {
        QueueError(.refused, queue: name, "Redis gave an answer of another shape to \(what)")
    }

    func queueError(_ error: RedisError) -> QueueError { QueueError(error, queue: name) }
}

extension QueueError {
    /// The queue's view of a Redis error: `full`, `unavailable` if retryable, else `refused`.
    init(_ error: RedisError, queue: QueueName) {
        self.init(
            error.isOutOfMemory ? .full : error.isRetryable ? .unavailable : .refused, queue: queue, error.description)
    }
}
