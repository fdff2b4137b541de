package import Model
package import SQS

/// `SQSStore` in Redis: each operation is one script call, and so atomic.
///
/// All keys of an account have one hash tag, so that a move into a dead-letter queue is one script: an account lives on
/// one Redis. Keys are `PREFIX:{ACCOUNT}:REGION:QUEUE:KEY`; `sqs-prelude.lua` explains them.
package final class RedisSQSStore: SQSStore {
    private let url: RedisURL
    private let connection: RedisConnection
    private let prefix: String
    private let scripts: SQSScripts
    private let clock: (@Sendable () -> Timestamp)?
    private let report: @Sendable (String) -> Void

    /// A store on a connection of its own, and one more for wakes.
    ///
    /// - Parameters:
    ///   - prefix: first part of every key, so that tests can share a server.
    ///   - clock: replaces Redis's clock in tests and virtual time.
    ///   - report: told of each failure of the subscription to wakes; without it polls learn of messages a second late or
    ///     more. A user of Redis needs the permission for its channel, `&PREFIX:wake`.
    package init(
        url: RedisURL, prefix: String = "hq", clock: (@Sendable () -> Timestamp)? = nil,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.report = report
        self.url = url
        self.prefix = prefix
        self.clock = clock
        connection = RedisConnection(url: url)
        scripts = SQSScripts(wakeChannel: "\(prefix):wake")
    }

    // MARK: Queues

    package func now() async throws(SQSStoreError) -> Timestamp {
        if let clock { return clock() }
        let parts = try await run { connection throws(RedisError) in
            try connection.call([RedisCommand("TIME")])[0].checked()
        }.array?.compactMap(\.int)
        guard let parts, parts.count == 2 else { throw unexpected("TIME") }
        return Timestamp(microseconds: Int64(parts[0]) * 1_000_000 + Int64(parts[1]))
    }

    package func create(_ record: QueueRecord) async throws(SQSStoreError) -> QueueCreation {
        let address = record.address
        var arguments = self.arguments()
        arguments.append(address.name)
        arguments.append(record.token)
        arguments.append(record.serialized)
        arguments.append(SQSLimits.pause * 1_000)
        let reply = try await call(
            scripts.create,
            [key(.queue, address), names(address.realm), deleted(address.realm), gone(address.realm)], arguments)
        guard let parts = reply.array, parts.count == 2, let bytes = parts[1].byteString else {
            throw unexpected("create")
        }
        switch parts[0].int {
        case 1: return .created
        case 2: return .deletedRecently
        default:
            guard let existing = QueueRecord(bytes, address: address) else { throw unexpected("create") }
            return .exists(existing)
        }
    }

    package func record(of address: QueueAddress) async throws(SQSStoreError) -> QueueRecord? {
        let reply = try await run { [key = key(.queue, address)] connection throws(RedisError) in
            try connection.call([RedisCommand("HGET", key, "record")])[0].checked()
        }
        guard let bytes = reply.byteString else { return nil }
        guard let record = QueueRecord(bytes, address: address) else { throw unexpected("record") }
        return record
    }

    package func replace(_ record: QueueRecord) async throws(SQSStoreError) -> Bool {
        var arguments = RedisCommand()
        arguments.append(record.token)
        var next = record
        next.revision += 1
        arguments.append(next.token)
        arguments.append(next.serialized)
        return try await call(scripts.replace, [key(.queue, record.address)], arguments).int == 1
    }

    package func delete(_ address: QueueAddress) async throws(SQSStoreError) -> Bool {
        var arguments = self.arguments()
        arguments.append(address.name)
        arguments.append(SQSLimits.pause * 1_000)
        let isDropped =
            try await call(
                scripts.drop, [names(address.realm), deleted(address.realm), gone(address.realm)] + keys(address),
                arguments
            ).int == 1
        // A new queue of this name has no tasks.
        _ = try await run { [tasks, running] connection throws(RedisError) in
            try connection.call([
                RedisCommand("HDEL", tasks, address.arn), RedisCommand("SREM", running, address.arn),
            ])
        }
        return isDropped
    }

    package func names(
        in realm: SQSRealm, prefix: String, after name: String?, limit: Int
    ) async throws(SQSStoreError) -> [String] {
        var command = RedisCommand("ZRANGEBYLEX", names(realm))
        command.append(name.map { "(\($0)" } ?? "[\(prefix)")
        command.append(prefix.isEmpty ? "+" : "(\(prefix)~")
        command.append("LIMIT")
        command.append(0)
        command.append(limit)
        let reply = try await run { [command] connection throws(RedisError) in
            try connection.call([command])[0].checked()
        }
        return reply.array?.compactMap(\.text) ?? []
    }

    // MARK: Messages

    package func send(
        _ messages: [SQSDelivery], to queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSSent] {
        var arguments = self.arguments(queue, capacity: messages.reduce(256) { $0 + $1.message.byteCount + 300 })
        arguments.append(SQSLimits.deduplication * 1_000)
        for delivery in messages {
            arguments.append(delivery.message.groupID)
            arguments.append(delivery.delay * 1_000)
            arguments.append(delivery.message.encoded)
            arguments.append(delivery.message.id.bytes)
            arguments.append(delivery.deduplicationKey(in: queue) ?? "")
        }
        let parts = try await list(scripts.send, keys(queue.address), arguments)
        guard parts.count == messages.count * 2 else { throw unexpected("send") }
        var results: [SQSSent] = []
        for (index, delivery) in messages.enumerated() {
            guard let number = parts[2 * index].int, let id = parts[2 * index + 1].byteString else {
                throw unexpected("send")
            }
            results.append(SQSSent(id: Identifier(bytes: id) ?? delivery.message.id, number: number))
        }
        return results
    }

    package func receive(
        _ options: SQSReceive, from queue: QueueRecord
    ) async throws(SQSStoreError) -> SQSReceived {
        var arguments = self.arguments(queue)
        arguments.append(options.limit)
        arguments.append((options.visibility ?? queue.settings.visibility) * 1_000)
        arguments.append(options.inFlightLimit)
        arguments.append(options.waits ? "1" : "0")
        arguments.append(options.waits || queue.settings.isFIFO ? "0" : "1")
        arguments.append(options.attemptID ?? "")
        arguments.append(SQSLimits.deduplication * 1_000)
        arguments.append(queue.settings.redrive?.maximumReceives ?? 0)
        arguments.append(queue.address.name)
        let deadLetters = queue.settings.redrive.map { keys($0.target) } ?? []
        let parts = try await list(scripts.receive, keys(queue.address) + deadLetters, arguments)
        var result = SQSReceived()
        guard let head = parts.first?.int else { throw unexpected("receive") }
        if head == -2 { result.isOverLimit = true }
        result.messages = try messages(parts.dropFirst(), "receive")
        if head >= 0, result.messages.isEmpty { result.nextChange = .milliseconds(head) }
        return result
    }

    private func messages(
        _ parts: ArraySlice<RedisReply>, _ what: String
    ) throws(SQSStoreError) -> [SQSStoredMessage] {
        var messages: [SQSStoredMessage] = []
        for start in stride(from: parts.startIndex, to: parts.endIndex, by: 7) {
            guard start + 6 < parts.endIndex, let number = parts[start].int, let receives = parts[start + 1].int,
                let first = parts[start + 2].int, let sent = parts[start + 3].int,
                let origin = parts[start + 4].text, let group = parts[start + 5].text,
                let bytes = parts[start + 6].byteString, let message = SQSMessage(encoded: bytes, groupID: group)
            else { throw unexpected(what) }
            messages.append(
                SQSStoredMessage(
                    message: message, number: number, receives: receives,
                    sent: Timestamp(milliseconds: Int64(sent)),
                    firstReceived: receives == 0 ? nil : Timestamp(milliseconds: Int64(first)),
                    origin: origin.isEmpty ? nil : origin))
        }
        return messages
    }

    package func delete(
        _ handles: [ReceiptHandle], from queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSDeletion] {
        var arguments = self.arguments(queue)
        for handle in handles { append(handle, to: &arguments) }
        let results = try await list(scripts.delete, keys(queue.address), arguments).compactMap { reply in
            reply.int.flatMap { SQSDeletion(rawValue: $0) }
        }
        guard results.count == handles.count else { throw unexpected("delete") }
        return results
    }

    package func changeVisibility(
        _ changes: [(handle: ReceiptHandle, timeout: Int)], in queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSVisibilityChange] {
        var arguments = self.arguments(queue)
        arguments.append(SQSLimits.visibility * 1_000)
        for (handle, timeout) in changes {
            append(handle, to: &arguments)
            arguments.append(timeout * 1_000)
        }
        let results = try await list(scripts.changeVisibility, keys(queue.address), arguments).compactMap { reply in
            reply.int.flatMap { SQSVisibilityChange(rawValue: $0) }
        }
        guard results.count == changes.count else { throw unexpected("change-visibility") }
        return results
    }

    package func giveBack(_ handles: [ReceiptHandle], to queue: QueueRecord) async throws(SQSStoreError) {
        var arguments = self.arguments(queue)
        for handle in handles { append(handle, to: &arguments) }
        _ = try await list(scripts.giveBack, keys(queue.address), arguments)
    }

    package func counts(of queue: QueueRecord) async throws(SQSStoreError) -> SQSCounts {
        let numbers = try await list(scripts.counts, keys(queue.address), arguments(queue)).compactMap(\.int)
        guard numbers.count == 3 else { throw unexpected("counts") }
        return SQSCounts(visible: numbers[0], inFlight: numbers[1], delayed: numbers[2])
    }

    package func purge(_ queue: QueueRecord) async throws(SQSStoreError) -> Bool {
        var arguments = self.arguments(queue)
        arguments.append(SQSLimits.pause * 1_000)
        return try await list(scripts.purge, keys(queue.address), arguments).first?.int == 1
    }

    package func peek(
        _ state: SQSMessageState, limit: Int, in queue: QueueRecord
    ) async throws(SQSStoreError) -> [SQSStoredMessage] {
        var arguments = self.arguments(queue)
        switch state {
        case .visible: arguments.append("v")
        case .inFlight: arguments.append("f")
        case .delayed: arguments.append("d")
        }
        arguments.append(limit)
        return try messages(try await list(scripts.peek, keys(queue.address), arguments)[...], "peek")
    }

    package func move(
        _ messages: [SQSStoredMessage], from queue: QueueRecord, to target: QueueRecord
    ) async throws(SQSStoreError) -> Int {
        var arguments = self.arguments(queue)
        arguments.append(target.token)
        arguments.append(target.settings.delay * 1_000)
        for stored in messages {
            arguments.append(stored.number)
            arguments.append(stored.message.groupID)
            arguments.append(stored.message.id.bytes)
        }
        let head = try await list(scripts.move, keys(queue.address) + keys(target.address), arguments).first?.int
        guard let head else { throw unexpected("move") }
        if head == -2 { throw .stale }
        return head
    }

    package func wakes() -> AsyncStream<QueueAddress?> {
        let (url, prefix, report) = (url, prefix, report)
        let (stream, continuation) = AsyncStream<QueueAddress?>.makeStream()
        let task = Task {
            let subscription = RedisSubscription(url: url, channel: "\(prefix):wake", report: report)
            await subscription.run { text in
                guard let text else {
                    continuation.yield(nil)
                    return
                }
                if let address = RedisSQSStore.address(ofKey: text) { continuation.yield(address) }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    // MARK: Move tasks

    package func moveTasks(of source: QueueAddress) async throws(SQSStoreError) -> String {
        let reply = try await run { [key = tasks] connection throws(RedisError) in
            try connection.call([RedisCommand("HGET", key, source.arn)])[0].checked()
        }
        return reply.text ?? ""
    }

    package func replaceMoveTasks(
        of source: QueueAddress, _ old: String, with new: String, isRunning: Bool
    ) async throws(SQSStoreError) -> Bool {
        var arguments = RedisCommand()
        arguments.append(source.arn)
        arguments.append(old)
        arguments.append(new)
        arguments.append(isRunning ? "1" : "0")
        return try await call(scripts.replaceText, [tasks, running], arguments).int == 1
    }

    package func moveTaskSources() async throws(SQSStoreError) -> [QueueAddress] {
        let reply = try await run { [key = running] connection throws(RedisError) in
            try connection.call([RedisCommand("SMEMBERS", key)])[0].checked()
        }
        return reply.array?.compactMap { $0.text.flatMap { QueueAddress(arn: $0) } } ?? []
    }

    // MARK: Keys and calls

    private func names(_ realm: SQSRealm) -> String { "\(prefix):{\(realm.account)}:\(realm.region):names" }
    private func deleted(_ realm: SQSRealm) -> String { "\(prefix):{\(realm.account)}:\(realm.region):deleted" }
    private func gone(_ realm: SQSRealm) -> String { "\(prefix):{\(realm.account)}:\(realm.region):gone" }
    private var tasks: String { "\(prefix):tasks" }
    private var running: String { "\(prefix):running" }
    private func key(_ key: SQSKey, _ address: QueueAddress) -> String {
        "\(prefix):{\(address.realm.account)}:\(address.realm.region):\(address.name):\(key.rawValue)"
    }
    private func keys(_ address: QueueAddress) -> [String] {
        let start = "\(prefix):{\(address.realm.account)}:\(address.realm.region):\(address.name):"
        return SQSKey.allCases.map { start + $0.rawValue }
    }
    /// Reads the name of a `queue` key, whatever its prefix.
    private static func address(ofKey text: String) -> QueueAddress? {
        let parts = text.split(separator: ":").suffix(4).map(String.init)
        guard parts.count == 4, parts[0].hasPrefix("{"), parts[0].hasSuffix("}") else { return nil }
        let realm = SQSRealm(account: String(parts[0].dropFirst().dropLast()), region: parts[1])
        return QueueAddress(realm: realm, name: parts[2])
    }

    private func arguments() -> RedisCommand {
        var arguments = RedisCommand()
        arguments.append(clock.map { $0().milliseconds } ?? 0)
        return arguments
    }
    /// The first arguments of an operation on messages.
    private func arguments(_ queue: QueueRecord, capacity: Int = 256) -> RedisCommand {
        var arguments = RedisCommand(capacity: capacity)
        arguments.append(clock.map { $0().milliseconds } ?? 0)
        arguments.append(queue.token)
        arguments.append(queue.settings.isFIFO ? "f" : "s")
        arguments.append(queue.settings.retention * 1_000)
        return arguments
    }
    private func append(_ handle: ReceiptHandle, to arguments: inout RedisCommand) {
        arguments.append(handle.number)
        arguments.append(handle.receives)
        arguments.append(handle.groupID)
    }

    private func call(
        _ script: RedisScript, _ keys: [String], _ arguments: RedisCommand
    ) async throws(SQSStoreError) -> RedisReply {
        try await run { connection throws(RedisError) in
            try connection.call([ScriptCall(script, keys: keys, arguments: arguments)])[0].checked()
        }
    }

    /// The reply of an operation on messages; `stale` if its record is not the queue's present one.
    private func list(
        _ script: RedisScript, _ keys: [String], _ arguments: RedisCommand
    ) async throws(SQSStoreError) -> [RedisReply] {
        guard let parts = try await call(script, keys, arguments).array else { throw unexpected(script.name) }
        if parts.count == 1, case .integer(-9) = parts[0] { throw .stale }
        return parts
    }

    private func run<Value: Sendable>(
        _ body: @Sendable (isolated RedisConnection) throws(RedisError) -> Value
    ) async throws(SQSStoreError) -> Value {
        do {
            return try await connection.run(body)
        } catch {
            throw .unavailable(error.description)
        }
    }

    private func unexpected(_ what: String) -> SQSStoreError {
        .unavailable("Redis gave an answer of another shape to \(what)")
    }
}

extension RedisConnection {
    fileprivate func run<Value: Sendable>(
        _ body: @Sendable (isolated RedisConnection) throws(RedisError) -> Value
    ) throws(RedisError) -> Value { try body(self) }
}
