import Calls
package import FunctionRuntime
package import HTTP
private import Logging
import Model
package import Queue
package import Secrets
private import Telemetry
private import Worker

/// Performs the actions of triggers: leases them, makes the calls, and settles each with its outcome in one atomic
/// step.
///
/// It has no database connection. Calls do not wait for each other: a slow one takes one slot of many, and its lease is
/// extended while it lasts. A worker that dies loses nothing; its leases lapse, and others make the calls again.
package actor TriggerWorker {
    /// How much a worker does at once, and how long it waits.
    package struct Configuration: Sendable {
        /// Triggers leased at once.
        package var batch = 100
        /// Calls in flight at once.
        package var concurrency = 1_024
        /// How long a lease lasts; it is extended every third of that while its call lasts.
        package var visibility: Duration = .seconds(30)
        /// How long calls in flight may take once the worker is asked to stop.
        package var drain: Duration = .seconds(25)
        /// Limit on the calls in flight to one host, in addition to its share of the slots; nil: only the share.
        package var perHost: Int?
        /// Limit on the calls in flight of one tenant, likewise.
        package var perTenant: Int?
        /// How long a call is parked, waiting for a slot of its host or tenant, before its lease is released.
        package var parking: Duration = .milliseconds(200)
        /// How often leases are extended; nil: every third of `visibility`.
        package var `extension`: Duration?
        /// How long a call for a message may take that begins now, if it wants this long; nil: it is better begun later. By
        /// default as long as it wants.
        package var callTime: @Sendable (_ wanted: Duration, _ receipt: Receipt) -> Duration? = { wanted, _ in wanted }

        /// The defaults given at each property.
        package init() {}
    }

    var visibility: Duration { configuration.visibility }

    let runtime: FunctionRuntime
    private let configuration: Configuration
    let queue: any MessageQueue
    private let receiver: Receiver
    private let client: any HTTPCaller
    private let completed = CompletedCalls()
    /// Calls in flight, with what cancels them.
    private var flights: [Receipt: HTTPCallToken] = [:]
    var gate: TargetGate
    var held = HeldCalls()
    private var waking: Task<Void, Never>?
    private var parked: ParkingLot<Delivery>
    /// The latest of a chain of settlement tasks for triggers that were not called.
    private var settling: Task<Void, Never>?
    var admission: Task<Void, Never>?
    /// The receive loop, while it waits for room.
    private var roomWaiter: CheckedContinuation<Void, Never>?
    /// Lets a receiver without free slots lease some triggers all the same: they may belong to tenants that hold no
    /// slot.
    private var mayLeaseWithoutRoom = false
    private var random = SystemRandomNumberGenerator()
    let tenants: any TenantDirectory
    let limiter: any RateLimiter
    let keys: SecretKeys?
    var cache = TenantCache()
    var cachedAt: ContinuousClock.Instant?
    /// The queue's clock relative to this machine's, by which deadlines are judged.
    var clock: ClockOffset?
    /// Deliveries whose tenant's record, secrets or rates are being looked up.
    var admitting = 0
    private var window: CallWindow
    let api: EngineAPI
    let starter: FlowStarter
    var answers = CancelAnswers()
    var outage = APIOutage()
    /// Triggers whose flows are being started.
    var starting = 0

    /// A worker that has leased nothing yet.
    ///
    /// - Parameters:
    ///   - keys: what unseals secrets; nil: calls that need one wait until their deadline.
    ///   - api: starts flows, and knows what was cancelled.
    package init(
        _ runtime: FunctionRuntime, configuration: Configuration, queue: any MessageQueue, client: any HTTPCaller,
        tenants: any TenantDirectory, limiter: any RateLimiter, keys: SecretKeys?, api: EngineAPI
    ) {
        self.api = api
        starter = FlowStarter(api)
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
                perHost: configuration.perHost ?? all, perTenant: configuration.perTenant ?? all, slots: all))
    }

    /// Works until it is asked to stop, has been idle for too long, or reaches its maximum age; then lets calls in
    /// flight end, and settles them.
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
            let upkeep = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await self.extendLoop() }
                    group.addTask { await self.watchLoop() }
                }
            }
            await receiveLoop()
            await drain()
            upkeep.cancel()
            await upkeep.value
            await admission?.value
            await settling?.value
            await waking?.value
            completed.close()
        }
        client.close()
        api.close()
    }

    // MARK: Receiving

    private func receiveLoop() async {
        let life = runtime.life
        while !life.isStopping {
            let free = window.size - flights.count - parked.count - admitting - starting
            let step = min(configuration.batch, max(1, configuration.concurrency / 8))
            if free < step {
                if !window.isWide {
                    window.widen()
                    await Batching.pauseBriefly()
                    continue
                }
                if !mayLeaseWithoutRoom || admitting >= step {
                    await waitForRoom()
                    continue
                }
            }
            mayLeaseWithoutRoom = false
            let asked = min(configuration.batch, max(free, step))
            let received = await receiver.receive(upTo: asked)
            if received.isEmpty { continue }
            life.didWork()
            await refreshTenants()
            start(received)
            // After a full batch more is waiting already.
            if Batching.underfilledBatch.contains(received.count), received.count < asked {
                await Batching.pauseBriefly()
            }
        }
    }

    private func waitForRoom() async {
        await withCheckedContinuation { continuation in roomWaiter = continuation }
    }

    private func start(_ received: [ReceivedMessage]) {
        let now = WallClock.now()
        var settlements: [Settlement] = []
        var special: [Delivery] = []
        for message in received {
            let trigger: TriggerMessage
            do throws(ByteReader.Failure) {
                trigger = try TriggerMessage(decoding: message.body)
            } catch {
                let what = "the message cannot be read: \(error)"
                settlements.append(error.isOfLaterVersion ? giveBack(message, what) : unreadable(message, what))
                continue
            }
            let record: ActionRecord
            do throws(ByteReader.Failure) {
                record = try ActionRecord(decoding: trigger.action)
            } catch {
                let what = "the action of the schedule \(trigger.schedule) cannot be read (\(error))"
                if error.isOfLaterVersion {
                    settlements.append(giveBack(message, what, trigger))
                    continue
                }
                settlements.append(unreadable(message, "\(what): PUT the schedule again", tenant: trigger.tenant))
                continue
            }
            let delivery = Delivery(
                message: trigger, record: record, receipt: message.receipt, attempt: message.attempts + 1,
                receives: message.receives, startedAt: now)
            if let end = releaseIfEarly(delivery) ?? endIfExpired(delivery) {
                settlements.append(end)
                continue
            }
            if !queue.capabilities.findsByID || delivery.usesSecrets || !cache.needsNoLookup(trigger.tenant) {
                special.append(delivery)
                continue
            }
            if let settlement = begin(delivery, since: .now).settlement { settlements.append(settlement) }
        }
        settleLater(settlements)
        admitLater(special)
    }

    /// If a trigger arrives long before its planned time because the queue's clock jumped ahead, the settlement that
    /// releases it until that time (protocols.md, 7a); otherwise nil. The clocks of this machine and the database may
    /// be 5 s apart.
    private func releaseIfEarly(_ delivery: Delivery) -> Settlement? {
        let left = delivery.message.plannedAt - delivery.startedAt
        if left <= TriggerWorker.earlyTolerance { return nil }
        runtime.metrics.count(.callsTooEarly)
        return Settlement(delivery.receipt, .release(after: left))
    }
    private static let earlyTolerance = Duration.seconds(10)

    /// If the deadline passed just before the call, the settlement that expires the trigger; otherwise nil.
    func endIfExpired(_ delivery: Delivery) -> Settlement? {
        if delivery.startedAt <= delivery.message.deadline { return nil }
        let outcome = delivery.outcome(
            .expired, result: nil, reason: "the deadline had passed before attempt \(delivery.attempt)",
            endedAt: delivery.startedAt)
        count(.expired)
        return Settlement(delivery.receipt, .acknowledge, outcome: outcome.line)
    }

    /// Makes the call if the gate admits it; otherwise parks it, holds it, or releases its lease for a while.
    ///
    /// - Parameter since: when it first asked for a slot.
    func begin(_ delivery: Delivery, since: ContinuousClock.Instant) -> Admission {
        if case .flow(let flow) = delivery.record.action {
            startFlow(delivery, flow)
            return .begun
        }
        guard let time = configuration.callTime(delivery.timeout ?? .zero, delivery.receipt) else {
            countHeldBack("invocation")
            return .settled(Settlement(delivery.receipt, .release(after: .zero)))
        }
        let now = ContinuousClock.now
        switch gate.admit(host: delivery.host, tenant: delivery.message.tenant, at: now, using: &random) {
        case .go:
            call(delivery, within: time)
            return .begun
        case .wait(let time, let reason):
            // At most half of the time left, so that the call gets another chance before its deadline.
            let left = max(.milliseconds(250), (delivery.message.deadline - delivery.startedAt) / 2)
            let time = min(time, left)
            if reason == .breaker, holdForHost(delivery, atLeast: time) { return .held }
            if reason == .breaker || parked.hasWaitedEnough(since: since, at: now) || runtime.life.isStopping
                || !parked.canPark(expecting: time)
            {
                countHeldBack("\(reason)")
                return .settled(Settlement(delivery.receipt, .release(after: time)))
            }
            parked.park(delivery, since: since)
            return .parked
        }
    }

    /// Gives free slots to parked calls, and releases those that have waited too long.
    private func beginParked() {
        if parked.count == 0 { return }
        let now = WallClock.now()
        settleLater(
            parked.takeAll().compactMap { entry in
                var delivery = entry.call
                delivery.startedAt = now
                return endIfExpired(delivery) ?? begin(delivery, since: entry.since).settlement
            })
        // Released calls make room.
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

    private func call(_ delivery: Delivery, within time: Duration) {
        let trace = (delivery.message.id.value.high, delivery.message.id.value.low)
        var request = delivery.request(traceID: trace, spanID: random.next() | 1)
        request.timeout = time
        let completed = completed
        flights[delivery.receipt] = client.start(request) { completed.append(.init(delivery: delivery, result: $0)) }
    }

    // MARK: Settling

    /// Settlements per script call, which takes Redis 2 to 4 ms. With up to a thousand in one call, the next lease
    /// waited 30 ms behind it.
    private static let settledAtOnce = 250
    /// Settles completed calls in batches: while one settlement is under way more gather for the next.
    private func settleLoop() async {
        let limit = TriggerWorker.settledAtOnce
        while let items = await completed.next(limit) {
            var items = items
            // Waiting is worthwhile only if other calls in flight may complete meanwhile.
            if Batching.underfilledBatch.contains(items.count), flights.count > items.count {
                await Batching.pauseBriefly()
                items += completed.takeNow(limit - items.count)
            }
            await settle(conclude(items))
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
        roomWaiter?.resume()
        roomWaiter = nil
    }

    /// Counts calls in flight as work, so that a function with a slow one is not idle, and wakes a receiver without
    /// free slots now and then, to look at what there is and to notice that it is asked to stop.
    private func watchLoop() async {
        while !Task.isCancelled {
            if !flights.isEmpty { runtime.life.didWork() }
            window.narrow(inFlight: flights.count)
            beginParked()
            await watchHolds()
            mayLeaseWithoutRoom = true
            wakeReceiver()
            runtime.metrics.set(.breakersOpen, Double(gate.openBreakers))
            do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
        }
    }

    /// The settlements of completed calls; counts the triggers' new states.
    private func conclude(_ items: [CompletedCalls.Item]) -> [Settlement] {
        let now = WallClock.now()
        let conclusions = items.map { $0.delivery.conclusion(of: $0.result, endedAt: now, using: &random) }
        var counts = Array(repeating: 0, count: TriggerState.allCases.count)
        for case let state? in conclusions.map(\.state) { counts[state.rawValue] += 1 }
        for state in TriggerState.allCases where counts[state.rawValue] > 0 {
            if state == .queued {
                runtime.metrics.count(.triggerRetries, counts[state.rawValue])
            } else {
                count(state, counts[state.rawValue])
            }
        }
        return conclusions.map(\.settlement)
    }

    /// Settles; while the queue cannot be reached it retries until the leases have expired. Triggers left unsettled are
    /// called again by other workers.
    func settle(_ settlements: [Settlement]) async {
        if settlements.isEmpty && !held.hasPending { return }
        let held = held.takePending()
        let deadline = ContinuousClock.now + configuration.visibility
        while true {
            do {
                try Failpoint.workerBeforeSettle.pass()
                // If a repeated call took effect the first time, the queue reports the leases as ended.
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

    func count(_ state: TriggerState, _ by: Int = 1) {
        runtime.metrics.count(.triggers, by, labels: "state=\"\(state.name)\"")
    }

    // MARK: Holds

    /// Holds a call until its tenant's record changes, or for a wait that doubles each time. False: its deadline is too
    /// near, or the queue cannot hold.
    func holdForTenant(_ delivery: Delivery, atLeast least: Duration, perSecond: Double) -> Bool {
        guard queue is any HoldingQueue else { return false }
        let tenant = delivery.message.tenant
        return held.hold(
            holdRequest(delivery, atLeast: least, perSecond: perSecond), forTenant: tenant,
            record: cache.record(of: tenant),
            at: .now, using: &random)
    }

    /// Holds a call until its host answers again; false as above.
    private func holdForHost(_ delivery: Delivery, atLeast least: Duration) -> Bool {
        guard queue is any HoldingQueue,
            held.hold(holdRequest(delivery, atLeast: least), forHost: delivery.host, at: .now, using: &random)
        else { return false }
        countHeldBack("\(TargetGate.Reason.breaker)")
        return true
    }

    private func holdRequest(
        _ delivery: Delivery, atLeast least: Duration, perSecond: Double = HoldTimes.perSecond
    ) -> HeldCalls.HoldRequest {
        let now = WallClock.now()
        return HeldCalls.HoldRequest(
            receipt: delivery.receipt, waited: now - delivery.message.plannedAt, left: delivery.message.deadline - now,
            minimum: least, perSecond: perSecond)
    }

    func countHeldBack(_ reason: String) {
        runtime.metrics.count(.callsHeldBack, labels: "reason=\"\(reason)\"")
    }

    private func wakeHost(_ host: String) {
        if held.answered(host) { wake(.host(host)) }
    }

    /// Wakes what is held for a group, one group after the other.
    func wake(_ group: HoldGroup) {
        guard let queue = queue as? any HoldingQueue else { return }
        let before = waking
        waking = Task {
            await before?.value
            do throws(QueueError) {
                try await queue.wake(group)
            } catch {
                // They come back by themselves, later.
                runtime.logger.warning("cannot wake the calls held for \(group): \(error)")
            }
        }
    }

    /// Forgets groups whose holds have all ended, and wakes calls held for tenants whose records have changed.
    private func watchHolds() async {
        held.forgetPast(.now)
        if !held.hasTenants { return }
        await refreshTenants()
    }

    // MARK: Leases

    /// Extends the leases of calls in flight; aborts calls whose lease was lost.
    private func extendLoop() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: configuration.extension ?? configuration.visibility / 3) } catch { return }
            let receipts = Array(flights.keys)
            if receipts.isEmpty { continue }
            do {
                for (receipt, isHeld) in zip(
                    receipts, try await queue.extend(receipts, visibility: configuration.visibility))
                where !isHeld {
                    if let token = flights[receipt] { client.cancel(token) }
                }
            } catch {
                runtime.logger.warning("cannot extend leases: \(error)")
            }
        }
    }

    /// Waits for calls in flight to end. A worker asked to stop waits for the drain time, one asked twice not at all;
    /// calls still running are then aborted and their leases released. A worker that ends by itself waits as long as
    /// they need.
    private func drain() async {
        var deadline: ContinuousClock.Instant?
        while !flights.isEmpty || parked.count > 0 || admitting > 0 || starting > 0 {
            if runtime.life.isAskedToStop { deadline = deadline ?? .now + configuration.drain }
            if runtime.life.isUrgent || deadline.map({ ContinuousClock.now > $0 }) ?? false {
                for token in flights.values { client.cancel(token) }
                api.close()
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
