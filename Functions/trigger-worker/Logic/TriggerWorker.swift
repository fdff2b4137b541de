import Calls
package import FunctionRuntime
package import HTTP
private import Logging
import Model
package import Queue
package import Secrets
private import Telemetry
private import Worker

/// Performs the actions of triggers: leases them, makes the calls, and settles each with its outcome in one atomic step.
///
/// It holds no database connection. There is no barrier: a slow call takes one place among many, and its lease is extended
/// while it lasts. A worker that dies loses nothing; its leases lapse and others make the calls again.
package actor TriggerWorker {
    package struct Configuration: Sendable {
        /// Triggers leased at once.
        package var batch = 100
        /// Calls in flight at once.
        package var concurrency = 1_024
        package var visibility: Duration = .seconds(30)
        /// How long calls under way may take when the worker is asked to stop.
        package var drain: Duration = .seconds(25)
        /// Calls in flight to one host, besides its share of the places; nil: the share alone.
        package var perHost: Int?
        /// Calls in flight of one tenant, likewise.
        package var perTenant: Int?
        /// How long a lease waits here for a place at its host before it is released.
        package var parking: Duration = .milliseconds(200)

        package init() {}
    }

    var visibility: Duration { configuration.visibility }

    private struct Flight {
        var receipt: Receipt
        var token: HTTPCallToken?
    }

    let runtime: FunctionRuntime
    private let configuration: Configuration
    let queue: any MessageQueue
    private let receiver: Receiver
    private let client: any HTTPCaller
    private let completed = CompletedCalls()
    private var flights: [Receipt: Flight] = [:]
    var gate: TargetGate
    var held = HeldCalls()
    private var waking: Task<Void, Never>?
    private var parked: ParkingLot<Delivery>
    /// Settlements without a call, one after the other.
    private var settling: Task<Void, Never>?
    var admission: Task<Void, Never>?
    private var room: CheckedContinuation<Void, Never>?
    /// A receiver without room may lease some triggers all the same: among them may be some of tenants that hold no place.
    private var mayLook = false
    private var random = SystemRandomNumberGenerator()
    let tenants: any TenantDirectory
    let limiter: any RateLimiter
    let keys: SecretKeys?
    var cache = TenantCache()
    var cachedAt: ContinuousClock.Instant?
    /// The host's clock, by which deadlines are judged, against the queue's.
    var clock: ClockOffset?
    /// Deliveries whose tenant's record, secrets or rate are being looked at.
    var admitting = 0
    private var window: CallWindow

    /// - Parameter keys: what opens secrets; nil: calls that need one wait until their deadline.
    package init(
        _ runtime: FunctionRuntime, configuration: Configuration, queue: any MessageQueue, client: any HTTPCaller,
        tenants: any TenantDirectory, limiter: any RateLimiter, keys: SecretKeys?
    ) {
        self.tenants = tenants
        self.limiter = limiter
        self.keys = keys
        self.runtime = runtime
        self.configuration = configuration
        self.queue = queue
        receiver = Receiver(
            runtime, queue: queue, visibility: configuration.visibility,
            afterReceive: { try Failpoint.workerAfterReceive.pass() })
        self.client = client
        let all = configuration.concurrency
        window = CallWindow(limit: all)
        parked = ParkingLot(capacity: all / 8, patience: configuration.parking)
        gate = TargetGate(
            .init(
                perHost: configuration.perHost ?? all, perTenant: configuration.perTenant ?? all, places: all))
    }

    /// Works until it is asked to stop, idle or old; then lets calls under way end, and settles them.
    package func run() async {
        guard
            let clock = await runtime.retryUntilSuccess(
                "cannot reach Redis",
                { [queue] in
                    try await ClockOffset { try await queue.serverClock() }
                })
        else { return }
        runtime.check(clock, against: "queue", atStart: true)
        self.clock = clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.settleLoop() }
            let keeping = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await self.extendLoop() }
                    group.addTask { await self.watchLoop() }
                }
            }
            await receiveLoop()
            await drain()
            keeping.cancel()
            await keeping.value
            await admission?.value
            await settling?.value
            await waking?.value
            completed.close()
        }
        client.close()
    }

    // MARK: Receiving

    private func receiveLoop() async {
        let life = runtime.life
        while !life.isStopping {
            let free = window.size - flights.count - parked.count - admitting
            let step = min(configuration.batch, max(1, configuration.concurrency / 8))
            if free < step {
                if !window.isWide {
                    window.widen()
                    await Batching.pauseBriefly()
                    continue
                }
                if !mayLook || admitting >= step {
                    await waitForRoom()
                    continue
                }
            }
            mayLook = false
            let asked = min(configuration.batch, max(free, step))
            let received = await receiver.receive(upTo: asked)
            if received.isEmpty { continue }
            life.didWork()
            await refreshTenants()
            start(received)
            // After all that was asked for there is more already.
            if Batching.underfilledBatch.contains(received.count), received.count < asked {
                await Batching.pauseBriefly()
            }
        }
    }

    private func waitForRoom() async {
        await withCheckedContinuation { continuation in room = continuation }
    }

    private func start(_ received: [ReceivedMessage]) {
        let now = WallClock.now()
        var settlements: [Settlement] = []
        var special: [Delivery] = []
        for message in received {
            let trigger: TriggerMessage
            let record: ActionRecord
            do {
                trigger = try TriggerMessage(decoding: message.body)
                record = try ActionRecord(decoding: trigger.action)
            } catch {
                settlements.append(unreadable(message, error))
                continue
            }
            let delivery = Delivery(
                message: trigger, record: record, receipt: message.receipt, attempt: message.attempts + 1,
                startedAt: now)
            if let end = giveBackIfEarly(delivery) ?? endIfExpired(delivery) {
                settlements.append(end)
                continue
            }
            if delivery.usesSecrets || !cache.isPlain(trigger.tenant) {
                special.append(delivery)
                continue
            }
            if let settlement = begin(delivery, since: .now).settlement { settlements.append(settlement) }
        }
        settleLater(settlements)
        admitLater(special)
    }

    /// A trigger that comes long before its planned time, from a queue whose clock has jumped ahead, is given back until then
    /// (protocols.md, 7a); nil: it does not. The clocks of a host and the database may be 5 s apart.
    private func giveBackIfEarly(_ delivery: Delivery) -> Settlement? {
        let left = delivery.message.plannedAt - delivery.startedAt
        if left <= TriggerWorker.earliest { return nil }
        runtime.metrics.count(.callsTooEarly)
        return Settlement(delivery.receipt, .release(after: left))
    }
    private static let earliest = Duration.seconds(10)

    /// Ends a trigger whose deadline has passed when its call is about to begin; nil: it has not.
    func endIfExpired(_ delivery: Delivery) -> Settlement? {
        if delivery.startedAt <= delivery.message.deadline { return nil }
        let outcome = delivery.outcome(
            .expired, result: nil, reason: "the deadline had passed before attempt \(delivery.attempt)",
            endedAt: delivery.startedAt)
        count(.expired)
        return Settlement(delivery.receipt, .acknowledge, outcome: outcome.line)
    }

    /// Makes the call, where the gate lets it; otherwise it waits here, is held, or its lease is released for a while.
    ///
    /// - Parameter since: when it first asked for a place.
    func begin(_ delivery: Delivery, since: ContinuousClock.Instant) -> Admission {
        let now = ContinuousClock.now
        switch gate.admit(host: delivery.host, tenant: delivery.message.tenant, at: now, using: &random) {
        case .go:
            call(delivery)
            return .begun
        case .wait(let time, let reason):
            // Not so long that it can only expire.
            let left = max(.milliseconds(250), (delivery.message.deadline - delivery.startedAt) / 2)
            let time = min(time, left)
            if reason == .breaker, holdForHost(delivery, atLeast: time) { return .held }
            if reason == .breaker || parked.isTired(since: since, at: now) || runtime.life.isStopping {
                countHeldBack(reason.rawValue)
                return .settled(Settlement(delivery.receipt, .release(after: time)))
            }
            if !parked.mayPark(expecting: time) {
                return .settled(Settlement(delivery.receipt, .release(after: time)))
            }
            parked.park(delivery, since: since)
            return .parked
        }
    }

    /// Gives places that have become free to those that wait, and lets go of those that waited too long.
    private func beginParked() {
        if parked.count == 0 { return }
        let now = WallClock.now()
        settleLater(
            parked.takeAll().compactMap { entry in
                var delivery = entry.call
                delivery.startedAt = now
                return endIfExpired(delivery) ?? begin(delivery, since: entry.since).settlement
            })
        // Those that were let go make room.
        wakeReceiver()
    }

    func settleLater(_ settlements: [Settlement]) {
        if settlements.isEmpty && !held.hasPending { return }
        let before = settling
        settling = Task {
            await before?.value
            await settle(settlements)
        }
    }

    private func call(_ delivery: Delivery) {
        let trace = (delivery.message.id.high, delivery.message.id.low)
        let request = delivery.request(traceID: trace, spanID: random.next() | 1)
        flights[delivery.receipt] = Flight(receipt: delivery.receipt)
        let completed = completed
        let token = client.start(request) { completed.append(.init(delivery: delivery, result: $0)) }
        flights[delivery.receipt]?.token = token
    }

    private func unreadable(_ message: ReceivedMessage, _ error: any Error) -> Settlement {
        runtime.logger.error("a message cannot be read: \(error)", metadata: ["id": "\(message.id)"])
        let reason = "the message cannot be read: \(error)"
        let notice = BurialNotice.line(id: message.id, generation: message.generation, reason: reason)
        return Settlement(message.receipt, .bury(reason: reason), outcome: notice)
    }

    // MARK: Settling

    /// Settlements of one call: 2 to 4 ms of Redis. With all that has ended in one, up to a thousand, the next lease waited 30 ms
    /// behind it.
    private static let settledAtOnce = 250
    /// Settles what has ended, many at once: while a settlement is under way more gathers for the next.
    private func settleLoop() async {
        let limit = TriggerWorker.settledAtOnce
        while let items = await completed.next(limit) {
            var items = items
            // Only calls under way can end meanwhile.
            if Batching.underfilledBatch.contains(items.count), flights.count > items.count {
                await Batching.pauseBriefly()
                items += completed.takeNow(limit - items.count)
            }
            await settle(items.map { conclude($0) })
            let now = ContinuousClock.now
            for item in items {
                flights[item.delivery.receipt] = nil
                if DeliveryRules.isAnswered(item.result) == true { wakeHost(item.delivery.host) }
                gate.end(
                    host: item.delivery.host, tenant: item.delivery.message.tenant,
                    isAnswered: DeliveryRules.isAnswered(item.result), at: now)
            }
            beginParked()
            runtime.life.didWork()
            wakeReceiver()
        }
    }

    func wakeReceiver() {
        room?.resume()
        room = nil
    }

    /// Calls under way are work, so that a function with a slow one is not idle; and a receiver without room looks at what there is,
    /// and hears of a request to stop, and of its age.
    private func watchLoop() async {
        while !Task.isCancelled {
            if !flights.isEmpty { runtime.life.didWork() }
            window.narrow(inFlight: flights.count)
            beginParked()
            await watchHolds()
            mayLook = true
            wakeReceiver()
            runtime.metrics.set(.breakersOpen, Double(gate.openBreakers))
            do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
        }
    }

    private func conclude(_ item: CompletedCalls.Item) -> Settlement {
        let conclusion = item.delivery.conclusion(of: item.result, endedAt: WallClock.now(), using: &random)
        switch conclusion.state {
        case nil: break
        case .queued?:
            runtime.metrics.count(.triggerRetries)
        case let state?: count(state)
        }
        return conclusion.settlement
    }

    /// Settles, and repeats while the queue cannot be reached: until the leases have lapsed, others would make the calls
    /// again.
    func settle(_ settlements: [Settlement]) async {
        if settlements.isEmpty && !held.hasPending { return }
        let held = held.takePending()
        let deadline = ContinuousClock.now + configuration.visibility
        while true {
            do {
                try Failpoint.workerBeforeSettle.pass()
                // Repeated after it took effect, it finds the leases ended.
                if !held.isEmpty, let queue = queue as? any HoldingQueue { _ = try await queue.hold(held) }
                let results = settlements.isEmpty ? [] : try await queue.settle(settlements)
                try Failpoint.workerAfterSettle.pass()
                let stale = results.filter { $0 == .stale }.count
                if stale > 0 {
                    runtime.metrics.count(.staleSettlements, stale)
                }
                return
            } catch {
                runtime.logger.warning("cannot settle \(settlements.count + held.count) triggers: \(error)")
                let isRetryable = (error as? QueueError)?.isRetryable ?? true
                if !isRetryable || ContinuousClock.now > deadline { return }
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    func count(_ state: TriggerState) {
        runtime.metrics.count(.triggers, labels: "state=\"\(state.name)\"")
    }

    // MARK: Holds

    /// Lets a lease go until its tenant's record changes, or for a while that doubles. False: its deadline is too near, or the queue
    /// cannot hold.
    func holdForTenant(_ delivery: Delivery, atLeast least: Duration, perSecond: Double) -> Bool {
        guard queue is any HoldingQueue else { return false }
        let tenant = delivery.message.tenant
        return held.hold(
            wish(delivery, atLeast: least, perSecond: perSecond), forTenant: tenant, record: cache.record(of: tenant),
            at: .now, using: &random)
    }

    /// Likewise, until its host gives an answer.
    private func holdForHost(_ delivery: Delivery, atLeast least: Duration) -> Bool {
        guard queue is any HoldingQueue,
            held.hold(wish(delivery, atLeast: least), forHost: delivery.host, at: .now, using: &random)
        else { return false }
        countHeldBack(TargetGate.Reason.breaker.rawValue)
        return true
    }

    private func wish(
        _ delivery: Delivery, atLeast least: Duration, perSecond: Double = HoldTimes.perSecond
    ) -> HeldCalls.Wish {
        let now = WallClock.now()
        return HeldCalls.Wish(
            receipt: delivery.receipt, waited: now - delivery.message.plannedAt, left: delivery.message.deadline - now,
            least: least, perSecond: perSecond)
    }

    func countHeldBack(_ reason: String) {
        runtime.metrics.count(.callsHeldBack, labels: "reason=\"\(reason)\"")
    }

    private func wakeHost(_ host: String) {
        if held.answered(host) { wake(.host(host)) }
    }

    /// Brings back what is held for a group, one group after the other.
    func wake(_ group: HoldGroup) {
        guard let queue = queue as? any HoldingQueue else { return }
        let before = waking
        waking = Task {
            await before?.value
            do throws(QueueError) {
                try await queue.wake(group)
            } catch {
                // They come by themselves, later.
                runtime.logger.warning("calls that are held for \(group) are not woken: \(error)")
            }
        }
    }

    /// Looks whether the records of tenants whose calls are held have changed, each second.
    private func watchHolds() async {
        held.forgetPast(.now)
        if !held.hasTenants { return }
        await refreshTenants()
    }

    // MARK: Leases

    /// Extends every lease each third of the visibility; a call whose lease is lost is aborted.
    private func extendLoop() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: configuration.visibility / 3) } catch { return }
            let receipts = Array(flights.keys)
            if receipts.isEmpty { continue }
            do {
                for (receipt, isHeld) in zip(
                    receipts, try await queue.extend(receipts, visibility: configuration.visibility))
                where !isHeld {
                    if let token = flights[receipt]?.token { client.cancel(token) }
                }
            } catch {
                runtime.logger.warning("cannot extend leases: \(error)")
            }
        }
    }

    /// Lets calls under way end. Asked to stop, for the drain time only; asked twice, not at all: then it aborts them and
    /// releases their leases. A function that ends by itself lets them take the time they need.
    private func drain() async {
        var deadline: ContinuousClock.Instant?
        while !flights.isEmpty || parked.count > 0 || admitting > 0 {
            if runtime.life.isAskedToStop { deadline = deadline ?? .now + configuration.drain }
            if runtime.life.isUrgent || deadline.map({ ContinuousClock.now > $0 }) ?? false {
                for flight in flights.values { if let token = flight.token { client.cancel(token) } }
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
