private import Memory
package import Model
package import Queue
package import SQSClient
package import SQSFunction
private import Synchronization

/// An SQS in memory that lives by a virtual clock, and a client of it.
package final class VirtualSQS: Sendable {
    package let endpoint: SQSEndpoint
    package let http: EndpointCaller
    package let caller: SQSCaller
    private let clock: @Sendable () -> Timestamp
    private let polls: Task<Void, Never>
    private let pauses: Pauses
    private let reports: Mutex<[String]>

    /// - Parameters:
    ///   - clock: of SQS and of the client.
    ///   - part: of the longest pause, before a repeat; nothing really waits.
    package init(part: Double = 1, clock: @escaping @Sendable () -> Timestamp) {
        self.clock = clock
        let endpoint = SQSEndpoint(store: InMemorySQSStore(clock: clock), clock: clock)
        self.endpoint = endpoint
        http = EndpointCaller(endpoint)
        let pauses = Pauses()
        caller = SQSCaller(
            SQSCaller.Configuration(endpoint: "http://localhost"), http: http, sleep: { pauses.add($0) },
            random: { part })
        reports = Mutex([])
        self.pauses = pauses
        polls = Task { await endpoint.run() }
    }

    deinit { polls.cancel() }

    /// The pauses before repeats, in their order.
    package var slept: [Duration] { pauses.all }
    /// What queues have reported.
    package var reported: [String] { reports.withLock { $0 } }

    /// A host whose clocks are the virtual one.
    package func host(
        afterStep: @escaping @Sendable (SettleStep) throws -> Void = { _ in }
    ) -> SQSQueue.Host {
        var host = SQSQueue.Host(clock: clock)
        host.uptime = { [clock] in clock() - .epoch }
        host.report = { [weak self] text in self?.reports.withLock { $0.append(text) } }
        host.afterStep = afterStep
        return host
    }

    /// Makes the queues `triggers` and `outcomes`, and returns them.
    package func queues(
        _ configuration: QueueConfiguration = QueueConfiguration(),
        afterStep: @escaping @Sendable (SettleStep) throws -> Void = { _ in }
    ) async throws -> (queue: SQSQueue, outcomes: SQSQueue) {
        for name in [QueueName.triggers, .outcomes] {
            try await SQSQueue.create(name, configuration: configuration, caller: caller)
        }
        return unmade(configuration, afterStep: afterStep)
    }

    /// As `queues`, of queues that exist or will.
    package func unmade(
        _ configuration: QueueConfiguration = QueueConfiguration(),
        afterStep: @escaping @Sendable (SettleStep) throws -> Void = { _ in }
    ) -> (queue: SQSQueue, outcomes: SQSQueue) {
        (
            SQSQueue(
                name: .triggers, configuration: configuration, caller: caller, outcomes: .outcomes,
                host: host(afterStep: afterStep)),
            SQSQueue(
                name: .outcomes, configuration: configuration, caller: caller,
                source: (.triggers, configuration.maximumReceives), host: host())
        )
    }
}

/// Pauses that were asked for, and not made.
private final class Pauses: Sendable {
    private let list = Mutex<[Duration]>([])
    var all: [Duration] { list.withLock { $0 } }
    func add(_ pause: Duration) { list.withLock { $0.append(pause) } }
}
