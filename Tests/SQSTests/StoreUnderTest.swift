import Memory
import Model
import Redis
import SQS
import Synchronization
import TestServers
import Testing

/// A driver to run the conformance suite on.
enum StoreDriver: String, CaseIterable, CustomTestStringConvertible {
    case inMemory
    case redis
    var testDescription: String { rawValue }
}

/// A store and the clock that it lives by.
final class StoreUnderTest: Sendable {
    let store: any SQSStore
    private let time: TestClock
    static let realm = SQSRealm(account: "000000000000", region: "us-east-1")

    init(_ driver: StoreDriver) async throws {
        let time = TestClock()
        self.time = time
        switch driver {
        case .inMemory: store = InMemorySQSStore { time.now }
        case .redis:
            store = RedisSQSStore(
                url: try await RedisURL(TestServer.sharedRedis.value.redisURL),
                prefix: "t\(UInt64.random(in: 0...UInt64.max))", clock: { time.now })
        }
    }

    var now: Timestamp { time.now }
    func advance(_ duration: Duration) { time.advance(duration) }

    // MARK: Shorthand

    /// A record that is in no store yet.
    func record(_ name: String, _ attributes: [String: String] = [:]) throws -> QueueRecord {
        let address = QueueAddress(realm: StoreUnderTest.realm, name: name)
        var values = QueueAttributes(isFIFO: address.isFIFO)
        try values.set(attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, isNew: true)
        return QueueRecord(
            address: address, incarnation: .random(in: 0...UInt64.max), created: Int(now.milliseconds / 1_000),
            attributes: values)
    }

    /// A queue that is new in the store.
    func queue(_ name: String, _ attributes: [String: String] = [:]) async throws -> QueueRecord {
        let record = try record(name, attributes)
        #expect(try await store.create(record) == .created)
        return record
    }

    /// A queue and its dead-letter queue, `NAME-dead`.
    func queueWithDead(_ name: String, maximumReceives: Int) async throws -> (QueueRecord, QueueRecord) {
        let stem = name.hasSuffix(".fifo") ? String(name.dropLast(5)) : name
        let dead = try await queue(stem + "-dead" + (name.hasSuffix(".fifo") ? ".fifo" : ""))
        let policy = #"{"deadLetterTargetArn":"\#(dead.address.arn)","maxReceiveCount":\#(maximumReceives)}"#
        return (try await queue(name, ["RedrivePolicy": policy]), dead)
    }

    func delivery(
        _ body: String, group: String = "", delay: Int = 0, deduplication: String? = nil
    ) -> SQSDelivery {
        var random = SystemRandomNumberGenerator()
        var message = SQSMessage(
            id: Identifier(high: random.next(), low: random.next()), body: body, senderID: "AIDATEST")
        message.groupID = group
        message.deduplicationID = deduplication
        return SQSDelivery(message, delay: delay)
    }

    @discardableResult
    func send(_ bodies: String..., group: String = "", delay: Int = 0, to queue: QueueRecord) async throws -> [SQSSent]
    {
        try await store.send(bodies.map { delivery($0, group: group, delay: delay) }, to: queue)
    }

    func receive(
        _ limit: Int = 10, visibility: Int = 30, attempt: String? = nil, from queue: QueueRecord
    ) async throws -> [SQSStoredMessage] {
        try await store.receive(SQSReceive(limit: limit, visibility: visibility, attemptID: attempt), from: queue)
            .messages
    }

    /// What a receive of up to ten would give, by bodies; the messages are in flight afterwards.
    func bodies(_ limit: Int = 10, visibility: Int = 30, from queue: QueueRecord) async throws -> [String] {
        try await receive(limit, visibility: visibility, from: queue).map(\.message.body)
    }

    func delete(_ message: SQSStoredMessage, from queue: QueueRecord) async throws -> SQSDeletion? {
        try await store.delete([message.handle(in: queue)], from: queue).first
    }
    func change(_ message: SQSStoredMessage, to timeout: Int, in queue: QueueRecord) async throws
        -> SQSVisibilityChange?
    {
        try await store.changeVisibility([(message.handle(in: queue), timeout)], in: queue).first
    }
    func counts(_ queue: QueueRecord) async throws -> [Int] {
        let counts = try await store.counts(of: queue)
        return [counts.visible, counts.inFlight, counts.delayed]
    }
}

/// A clock that stands until it is moved.
final class TestClock: Sendable {
    private let time = Mutex(Timestamp(seconds: 1_790_000_000))
    var now: Timestamp { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
