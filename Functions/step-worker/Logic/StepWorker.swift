import Calls
import Flows
package import FunctionRuntime
package import HTTP
import Logging
import Model
package import Queue
package import Secrets
package import Store
import Telemetry
import Worker

/// Moves executions of flows on: gathers hints and answers, applies them in one transaction a batch, and makes the
/// calls that follow.
///
/// A worker that dies loses nothing: what it claimed stands in the executions, and others take it over (protocols.md,
/// 18).
package actor StepWorker {
    /// How much a worker does at once, and how long it waits.
    package struct Configuration: Sendable {
        /// Executions of one transaction.
        package var batch = 100
        /// Calls in flight at once.
        package var concurrency = 1_024
        /// How long a hint's lease lasts.
        package var visibility: Duration = .seconds(30)
        /// How long calls in flight may take once the worker is asked to stop.
        package var drain: Duration = .seconds(25)
        /// How long hints and answers gather for one transaction.
        package var gathering: Duration = .milliseconds(5)
        /// How long others take the worker for alive after it last said so. It says so three times as often.
        package var lifetime: Duration = .seconds(15)
        /// Where remote systems report: the API's URL, without a slash at the end; nil: steps that complete by
        /// callback fail.
        package var callbackURL: String?

        /// The defaults given at each property.
        package init() {}
    }

    let runtime: FunctionRuntime
    let configuration: Configuration
    let queue: any MessageQueue
    let store: any ExecutionStore
    let client: any HTTPCaller
    let tenants: any TenantDirectory
    let limiter: any RateLimiter
    let keys: SecretKeys?
    private let receiver: Receiver
    /// Stands in the claims of this process.
    let id: Identifier
    private let host: String
    var pending = PendingWork()
    var catalog = FlowCatalog()
    /// The calls that this worker makes, or whose answers it holds, by execution.
    var flights: [ExecutionID: Set<StepCall>] = [:]
    var flightCount = 0
    /// What cancels the calls in flight.
    var tokens: [FlightKey: HTTPCallToken] = [:]
    var gate: TargetGate
    var cache = TenantCache()
    var cachedAt: ContinuousClock.Instant?
    var random = SystemRandomNumberGenerator()
    /// The transition loop, while there is nothing to do.
    private var sleeper: CheckedContinuation<Void, Never>?
    /// The receive loop, while there is enough to do.
    private var roomWaiter: CheckedContinuation<Void, Never>?
    private var isDraining = false

    /// Identifies a call in flight.
    struct FlightKey: Hashable {
        var execution: ExecutionID
        var call: StepCall
        var isCancel: Bool
    }

    /// A worker that has leased nothing yet.
    ///
    /// - Parameter keys: what signs callbacks and unseals secrets; nil: steps that need either fail.
    package init(
        _ runtime: FunctionRuntime, configuration: Configuration, queue: any MessageQueue, store: any ExecutionStore,
        client: any HTTPCaller, tenants: any TenantDirectory, limiter: any RateLimiter, keys: SecretKeys?
    ) {
        self.runtime = runtime
        self.configuration = configuration
        self.queue = queue
        self.store = store
        self.client = client
        self.tenants = tenants
        self.limiter = limiter
        self.keys = keys
        receiver = Receiver(runtime, queue: queue, visibility: configuration.visibility)
        var random = SystemRandomNumberGenerator()
        id = Identifier.v7(at: WallClock.now(), using: &random)
        host = FunctionSettings.variable("HOSTNAME") ?? "unknown"
        let all = configuration.concurrency
        gate = TargetGate(.init(perHost: all, perTenant: all, slots: all))
    }

    /// Works until it is asked to stop, has been idle for too long, or reaches its maximum age; then lets calls in
    /// flight end and applies their answers.
    package func run() async {
        guard
            await runtime.retryUntilSuccess("cannot reach Postgres", { [self] in try await renew() }) != nil
        else { return }
        await withTaskGroup(of: Void.self) { group in
            let upkeep = Task { await self.renewLoop() }
            group.addTask { await self.transitionLoop() }
            await receiveLoop()
            await drain()
            isDraining = true
            wakeTransitions()
            await group.waitForAll()
            upkeep.cancel()
            await upkeep.value
        }
        client.close()
        do {
            try await store.remove(worker: id)
        } catch {
            runtime.logger.warning("others take this worker for alive for \(configuration.lifetime): \(error)")
        }
    }

    // MARK: Receiving

    private func receiveLoop() async {
        let life = runtime.life
        while !life.isStopping {
            if pending.count >= 2 * configuration.batch {
                await withCheckedContinuation { roomWaiter = $0 }
                continue
            }
            let received = await receiver.receive(upTo: configuration.batch)
            if received.isEmpty { continue }
            life.didWork()
            await refreshTenants()
            var unreadable: [Settlement] = []
            for message in received {
                guard let execution = ExecutionID("\(message.id)"), let tenant = TenantID(message.tenant) else {
                    unreadable.append(Settlement(message.receipt, .bury(reason: "its id is no execution's")))
                    continue
                }
                if let earlier = pending.add(hint: message.receipt, of: execution, tenant: tenant, now: .now) {
                    unreadable.append(Settlement(earlier, .acknowledge))
                }
            }
            await settle(unreadable)
            wakeTransitions()
        }
    }

    func settle(_ settlements: [Settlement]) async {
        if settlements.isEmpty { return }
        do {
            // A hint that is not settled comes back, which does no harm.
            _ = try await queue.settle(settlements)
        } catch {
            runtime.logger.warning("cannot settle \(settlements.count) hints: \(error)")
        }
    }

    // MARK: Transitions

    func wakeTransitions() {
        sleeper?.resume()
        sleeper = nil
    }

    private func transitionLoop() async {
        while true {
            let now = ContinuousClock.now
            guard let next = pending.nextTime else {
                if isDraining && flightCount == 0 { return }
                await withCheckedContinuation { sleeper = $0 }
                continue
            }
            if next > now {
                await sleep(for: next - now)
            } else if pending.count < configuration.batch, pending.count > 1 || flightCount > 0 {
                try? await Task.sleep(for: configuration.gathering, tolerance: .zero)
            }
            let items = pending.take(configuration.batch, now: .now)
            if items.isEmpty { continue }
            await transition(items)
            roomWaiter?.resume()
            roomWaiter = nil
            runtime.life.didWork()
        }
    }

    /// Sleeps for a time, or until something else is to be done: what waits must not hold up what does not.
    private func sleep(for time: Duration) async {
        let alarm = Task {
            // Cancelled: there is something to do already.
            do { try await Task.sleep(for: time, tolerance: .zero) } catch { return }
            wakeTransitions()
        }
        await withCheckedContinuation { sleeper = $0 }
        alarm.cancel()
    }

    /// Whether new calls may be made.
    var isClaiming: Bool { !runtime.life.isStopping && !isDraining }

    // MARK: Liveness

    private func renewLoop() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: configuration.lifetime / 3) } catch { return }
            do {
                try await renew()
            } catch {
                runtime.logger.warning("cannot say that this worker is alive: \(error)")
            }
            if flightCount > 0 { runtime.life.didWork() }
            runtime.metrics.set(.stepCallsInFlight, Double(flightCount))
            runtime.metrics.set(.breakersOpen, Double(gate.openBreakers))
        }
    }

    /// Says that this worker is alive; returns who is.
    @discardableResult
    func renew() async throws -> Set<Identifier> {
        try await store.renew(worker: id, host: host, lifetime: configuration.lifetime)
    }

    /// Waits for calls in flight to end. A worker asked to stop waits for the drain time, one asked twice not at all.
    private func drain() async {
        await settle(pending.removeHints().map { Settlement($0, .release(after: .zero)) })
        var deadline: ContinuousClock.Instant?
        while flightCount > 0 {
            if runtime.life.isAskedToStop { deadline = deadline ?? .now + configuration.drain }
            if runtime.life.isUrgent || deadline.map({ ContinuousClock.now > $0 }) ?? false {
                for token in tokens.values { client.cancel(token) }
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
