import Memory
import Model
import Queue
import Redis
import SQSClient
import SQSClientKit
import Synchronization
import TestServers
import Testing

/// A queue, its outcome queue, and the clock they live by.
final class QueueUnderTest: Sendable {
    let queue: any MessageQueue
    let outcomes: any MessageQueue
    private let time: Mutex<Timestamp>
    private let service = Mutex<VirtualSQS?>(nil)

    var now: Timestamp { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }

    private init(_ make: (@escaping @Sendable () -> Timestamp) -> (any MessageQueue, any MessageQueue)) {
        let box = ClockBox()
        (queue, outcomes) = make { box.read() }
        time = Mutex(Timestamp(seconds: 1_790_000_000))
        box.set { [unowned self] in self.now }
    }

    static let configuration = QueueConfiguration(shards: 1, visibility: .seconds(30), maximumReceives: 3)

    /// A queue of hints, with the same clock; its outcome queue stays empty.
    static func coalescing(_ driver: Driver) async throws -> QueueUnderTest {
        if !driver.capabilities.isCoalescing { try Test.cancel("\(driver.rawValue) has no coalescing queues") }
        var configuration = configuration
        configuration.kind = .coalescing
        let hints = QueueName("hints")
        let url = driver == .redis ? try await RedisURL(TestServer.sharedRedis.value.redisURL) : nil
        return QueueUnderTest { [configuration] clock in
            guard let url else {
                return (
                    InMemoryQueue(name: hints, configuration: configuration, clock: clock),
                    InMemoryQueue(name: .outcomes, clock: clock)
                )
            }
            let prefix = "t\(UInt64.random(in: 0...UInt64.max))"
            return (
                RedisQueue(name: hints, configuration: configuration, url: url, prefix: prefix, clock: clock),
                RedisQueue(name: .outcomes, configuration: configuration.work, url: url, prefix: prefix, clock: clock)
            )
        }
    }

    static func inMemory() -> QueueUnderTest {
        QueueUnderTest { clock in
            let outcomes = InMemoryQueue(name: .outcomes, clock: clock)
            return (
                InMemoryQueue(name: .triggers, configuration: configuration, outcomes: outcomes, clock: clock), outcomes
            )
        }
    }

    static func redis() async throws -> QueueUnderTest {
        let url = try await RedisURL(TestServer.sharedRedis.value.redisURL)
        return QueueUnderTest { clock in
            let prefix = "t\(UInt64.random(in: 0...UInt64.max))"
            return (
                RedisQueue(
                    name: .triggers, configuration: configuration, url: url, outcomes: .outcomes, prefix: prefix,
                    clock: clock),
                RedisQueue(
                    name: .outcomes, configuration: configuration, url: url, source: .triggers, prefix: prefix,
                    clock: clock)
            )
        }
    }

    /// SQS in memory, by the test's clock.
    static func sqs() async throws -> QueueUnderTest {
        var made: VirtualSQS?
        let it = QueueUnderTest { clock in
            let sqs = VirtualSQS(clock: clock)
            made = sqs
            return sqs.unmade(configuration)
        }
        let sqs = try #require(made)
        // The endpoint must not end before the test.
        it.service.withLock { $0 = sqs }
        _ = try await sqs.queues(configuration)
        return it
    }

    // MARK: Shorthand

    func send(_ ids: String..., tenant: String = "a", delay: Duration = .zero) async throws -> [SendResult] {
        try await queue.send(ids.map { message($0, tenant: tenant, delay: delay) })
    }
    func message(_ id: String, tenant: String = "a", delay: Duration = .zero, cost: Double = 1) -> OutgoingMessage {
        OutgoingMessage(id: MessageID(id), tenant: tenant, delay: delay, cost: cost, body: Array("body of \(id)".utf8))
    }
    func receive(_ limit: Int = 10, visibility: Duration = .seconds(30)) async throws -> [ReceivedMessage] {
        try await queue.receive(upTo: limit, visibility: visibility, wait: .zero)
    }
    /// The lines that the outcome queue holds now; acknowledges their messages.
    func takeOutcomes(recorded: [String] = []) async throws -> [String] {
        let messages = try await outcomes.receive(upTo: 100, visibility: .seconds(30), wait: .zero)
        _ = try await outcomes.confirm(messages.map(\.receipt), recorded: recorded.map { MessageID($0) })
        return messages.flatMap { String(decoding: $0.body, as: UTF8.self).split(separator: "\n").map(String.init) }
    }
}

extension QueueConfiguration {
    fileprivate var work: QueueConfiguration {
        var copy = self
        copy.kind = .work
        return copy
    }
}

private final class ClockBox: Sendable {
    private let closure = Mutex<@Sendable () -> Timestamp>({ .epoch })
    func set(_ body: @escaping @Sendable () -> Timestamp) { closure.withLock { $0 = body } }
    func read() -> Timestamp { closure.withLock { $0 }() }
}

/// A driver to run the conformance suite on.
enum Driver: String, CaseIterable, CustomTestStringConvertible {
    case inMemory
    case redis
    case sqs
    var testDescription: String { rawValue }

    var capabilities: QueueCapabilities { self == .sqs ? .sqs : .all }

    /// Cancels the test if it is a row that this driver cannot keep to (`SkippedRows`).
    func make() async throws -> QueueUnderTest {
        if let reason = SkippedRows.reason(Test.current, capabilities) { try Test.cancel("\(rawValue) \(reason)") }
        return switch self {
        case .inMemory: .inMemory()
        case .redis: try await .redis()
        case .sqs: try await .sqs()
        }
    }
}
