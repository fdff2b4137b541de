package import FunctionRuntime
private import Logging
import Model
package import Queue
package import Scheduling
private import Sending
package import Store
private import Telemetry

/// Turns due schedules into triggers and sends them to the queue.
///
/// Correctness rests on the store's row locks and on the queue knowing ids; the locks on shards only save work.
/// Everything after a commit may be repeated: a pass that was not confirmed is sent again by whoever takes the shard
/// next.
package struct Loader: Sendable {
    /// How often a loader looks for work, and when it holds back.
    package struct Configuration: Sendable {
        /// The pass period.
        package var every: Duration = .seconds(1)
        /// How much further than the period a pass looks ahead: longer than it takes to plan the largest burst
        /// (decision 0007).
        package var lookahead: Duration = .seconds(6)
        /// Schedules per transaction.
        package var batch = 2_000
        /// Shards to work on; nil: all.
        package var shards: [Int]?
        /// Messages in one shard of the queue at which sending stops.
        package var queueLimit = 500_000
        /// The fraction of Redis's memory at which sending stops.
        package var memoryLimit = 0.7
        /// Messages waiting for a worker at which planning stops (decision 0035): about two seconds of work.
        package var backlog = 20_000

        /// The defaults given at each property.
        package init() {}
    }

    let runtime: FunctionRuntime
    let configuration: Configuration
    let store: any LoaderStore
    private let queue: any MessageQueue
    let zones: ZoneCatalog
    /// The tzdata version of `zones`; nil: not known, so that a change goes unnoticed.
    let zonesVersion: String?

    /// A loader that has taken no shards yet.
    package init(
        _ runtime: FunctionRuntime, configuration: Configuration, store: any LoaderStore, queue: any MessageQueue,
        zones: ZoneCatalog, zonesVersion: String? = nil
    ) {
        self.zonesVersion = zonesVersion
        self.runtime = runtime
        self.configuration = configuration
        self.store = store
        self.queue = queue
        self.zones = zones
    }

    /// Works until it is asked to stop. An error of Postgres or Redis ends the pass, and the next one starts over.
    package func run() async {
        var isStart = true
        while !runtime.life.isStopping {
            let (first, begin) = (isStart, begin)
            guard let session = await runtime.retryUntilSuccess("cannot reach Postgres", { try await begin(first) })
            else {
                return
            }
            isStart = false
            do {
                try await work(session)
            } catch {
                runtime.logger.warning("the pass ended early: \(error)")
                runtime.metrics.count(.loaderErrors)
                await store.close()
                await runtime.life.sleep(.milliseconds(200))
            }
        }
        await store.close()
    }

    @Sendable private func begin(_ isStart: Bool) async throws -> LoaderSession {
        let clock = try await ClockOffset(store.now)
        runtime.check(clock, against: "database", atStart: isStart)
        let all = try await store.shards()
        return LoaderSession(clock: clock, wanted: configuration.shards ?? all)
    }

    private func work(_ session: LoaderSession) async throws {
        var session = session
        while !runtime.life.isStopping {
            let start = ContinuousClock.now
            if session.clock.isStale {
                session.clock = try await ClockOffset(store.now)
                runtime.check(session.clock, against: "database")
            }
            if session.shouldCheckMonitor() { try await watchMonitor(now: session.clock.now()) }
            if session.needsWeights { session.update(weights: try await store.weights()) }
            if session.needsShards {
                if configuration.shards == nil { session.update(wanted: try await store.shards()) }
                let taken = try await store.takeShards(session.missing)
                session.take(taken)
                try await refreshZones(of: taken, now: session.clock.now())
                runtime.metrics.set(.loaderShards, Double(session.held.count))
            }
            switch try await round(&session) {
            case .more: break
            case .done: await runtime.life.sleep(max(.milliseconds(1), configuration.every - (.now - start)))
            case .behind: await runtime.life.sleep(Loader.pause)
            }
        }
    }
    /// The wait while workers are behind: short enough that they work off only a small part of the backlog in it.
    private static let pause = Duration.milliseconds(250)

    private func horizon(_ now: Timestamp) -> Timestamp { now + configuration.every + configuration.lookahead }

    /// How a pass over the shards ended.
    private enum Progress {
        case done
        /// More may be due already.
        case more
        /// The workers are behind, and not everything due was planned.
        case behind
    }

    /// One pass over the shards; if the loader is behind, one for each window of time.
    private func round(_ session: inout LoaderSession) async throws -> Progress {
        if session.held.isEmpty { return .done }
        let horizon = horizon(session.clock.now())
        let shards = session.held.sorted()
        var work = try await store.overview(of: shards, before: horizon)
        for shard in work where shard.confirmedPass < shard.pass && !runtime.life.isStopping {
            try await resend(shard, session.weights)
        }
        let oldest = work.compactMap(\.firstDue).min() ?? .distantFuture
        let isBehind = session.isBehind || oldest < session.clock.now() - Planner.onTime
        var window = isBehind ? CatchUpWindow() : nil
        session.isBehind = false
        while !runtime.life.isStopping {
            let end = window?.end(firstDue: work.compactMap(\.firstDue).min(), horizon: horizon) ?? horizon
            var claimed = 0
            for shard in work.sorted(by: { $0.earliest < $1.earliest }) where shard.earliest < end {
                if runtime.life.isStopping { return .done }
                let result = try await pass(shard, from: window?.start, before: end, &session)
                session.didWork(on: shard.shard)
                claimed += result.claimed
                if result.isPaced {
                    session.isBehind = true
                    break
                }
            }
            if session.isBehind || end == horizon { break }
            window?.advance(to: end, held: claimed, batch: configuration.batch)
            work = try await store.overview(of: shards, from: end, before: horizon)
        }
        let now = session.clock.now()
        for shard in session.shardsToRaise() { try await store.raiseFloors(shard: shard, ceiling: now, now: now) }
        try await createFailureCalls(&session, before: horizon)
        if session.isBehind { return .behind }
        return session.clock.now() + configuration.lookahead > horizon ? .more : .done
    }

    /// What a pass over one shard did.
    private struct PassResult {
        /// Schedules and planned triggers.
        var claimed = 0
        /// It ended early because the workers are behind.
        var isPaced = false
    }

    /// Plans what is due in a shard before `end`, and sends the triggers that are due before the horizon.
    ///
    /// - Parameter start: ignore what is due before it; nil: nothing is ignored.
    private func pass(
        _ overview: ShardOverview, from start: Timestamp?, before end: Timestamp, _ session: inout LoaderSession
    ) async throws -> PassResult {
        let shard = overview.shard
        let low = max(overview.low, start ?? .distantPast)
        let plannedLow = max(overview.plannedLow, start ?? .distantPast)
        var room = try await room(shard)
        if room.isPaced { return PassResult(isPaced: true) }
        let pass = try await store.beginPass(shard: shard)
        var claimed = 0
        var isMore = overview.firstDue.map { $0 < end } ?? false
        while isMore, !room.isPaced {
            // Read before the ticket, from which delays count: a trigger may come late, never early.
            let now = session.clock.now()
            // From now, not from the start of the pass: with many shards behind, a pass outlasts its lookahead, and
            // triggers already late would wait for another one.
            let horizon = horizon(now)
            let ticket = try await queue.ticket()
            let planner = ShardPlanner(
                planner: Planner(zones: zones, tieOffset: ShardPlanner.tieOffset(of: shard)),
                load: try await session.load(of: shard, now: now, store), now: now, horizon: horizon,
                sendHorizon: room.isFull ? Timestamp.epoch : horizon, held: room.held)
            let result = try await store.claimSchedules(
                shard: shard, pass: pass, from: low, before: end, limit: configuration.batch
            ) {
                planner.plan($0)
            } beforeCommit: {
                try Failpoint.loaderBeforeCommit.pass()
            }
            guard let result else {
                isMore = false
                break
            }
            for schedule in planner.unreadable {
                runtime.logger.error(
                    "a schedule cannot be read and does not run: \(schedule); PUT it again, or delete it")
                count(.loaderUnreadable, 1)
            }
            session.adopt(planner.resultingLoad, shard: shard, now: now)
            if result.owed > 0 { session.shardsOwingCalls.insert(shard) }
            try Failpoint.loaderAfterClaim.pass()
            try await send(result.toSend, ticket: ticket, now: now, session.weights)
            try Failpoint.loaderAfterSend.pass()
            count(.loaderSchedules, result.claimed)
            claimed += result.claimed
            isMore = result.claimed == configuration.batch
            if isMore || overview.plannedLow < end { room = try await self.room(shard) }
        }
        // If the pass ended early with schedules left, planned triggers are left too.
        let isKeptBack = isMore
        isMore = overview.plannedLow < end
        while isMore, !room.isPaced {
            let now = session.clock.now()
            // Once per round: the first window finds everything that is late.
            if start == nil, room.isFull || !room.held.isEmpty {
                let expired = try await store.expirePlanned(
                    shard: shard, from: overview.plannedLow, now: now, limit: configuration.batch)
                count(.loaderExpired, expired)
            }
            if room.isFull { break }
            let ticket = try await queue.ticket()
            let triggers = try await store.claimPlanned(
                shard: shard, pass: pass, from: plannedLow, before: end, limit: configuration.batch,
                except: room.held)
            try await send(triggers, ticket: ticket, now: now, session.weights)
            claimed += triggers.count
            isMore = triggers.count == configuration.batch
            if isMore {
                room = try await self.room(shard)
            } else {
                try await store.raiseFloors(shard: shard, ceiling: now, now: now)
            }
        }
        try Failpoint.loaderBeforeConfirm.pass()
        try await store.confirmPass(shard: shard, pass: pass)
        return PassResult(claimed: claimed, isPaced: (isKeptBack || isMore) && room.isPaced)
    }

    /// Creates the failure calls that are owed, after everything live. They are owed in the database, with the triggers
    /// that they report, so that a round that ends early or a loader that dies leaves them to the next (protocols.md,
    /// 3; decision 0036).
    ///
    /// Live work does not wait for them (protocols.md, 11): while the loader is behind, and once the next round is due,
    /// each shard gets one batch and the rest stays owed.
    private func createFailureCalls(_ session: inout LoaderSession, before horizon: Timestamp) async throws {
        for shard in session.shardsOwingCalls.sorted() {
            var isMore = true
            repeat {
                guard !runtime.life.isStopping, let (held, ticket) = await roomForFailureCalls() else { return }
                isMore = try await createFailureCalls(of: shard, except: held, ticket: ticket, &session)
            } while isMore && !session.isBehind && session.clock.now() + configuration.lookahead <= horizon
        }
    }

    /// The fairness keys that have no room in the queue, and the time from which the calls' delays count; nil: they stay
    /// owed, as triggers stay planned (protocols.md, 12a).
    ///
    /// The ticket is read before the calls are committed: if this loader stalls in between, it is too old to send calls
    /// that the queue has forgotten meanwhile.
    private func roomForFailureCalls() async -> (held: Set<String>, ticket: QueueTicket)? {
        do throws(QueueError) {
            let room = try await state(of: queue)
            return room.isFull ? nil : (room.held, try await queue.ticket())
        } catch {
            runtime.logger.warning("failure calls stay owed, the queue cannot be reached: \(error)")
            return nil
        }
    }

    /// Creates and sends a batch of a shard's failure calls; returns whether there may be more.
    private func createFailureCalls(
        of shard: Int, except held: Set<String>, ticket: QueueTicket, _ session: inout LoaderSession
    ) async throws -> Bool {
        do {
            let created = try await store.createFailureCalls(
                shard: shard, limit: Loader.failureCallsAtOnce, except: held)
            if !created.owesMore { session.shardsOwingCalls.remove(shard) }
            await send(failureCalls: created.calls, ticket: ticket)
            return created.isMore
        } catch let error as any StoreError where !error.isRetryable {
            // Repeating it at once cannot help; the next claim that owes a call, or the next session, tries again.
            runtime.logger.error("failure calls of shard \(shard) stay owed: \(error)")
            session.shardsOwingCalls.remove(shard)
            return false
        }
    }
    private static let failureCallsAtOnce = 100

    private func send(failureCalls calls: [QueuedTrigger], ticket: QueueTicket) async {
        if calls.isEmpty { return }
        do throws(QueueError) {
            let messages = calls.map { OutgoingMessage($0.message, delay: .zero) }
            let stale = try await queue.send(messages, ticket: ticket, mode: .add).filter { $0 == .stale }.count
            if stale > 0 { leaveToMonitor(stale, "this loader was paused") }
        } catch {
            leaveToMonitor(calls.count, "\(error)")
        }
    }

    private func leaveToMonitor(_ failureCalls: Int, _ reason: String) {
        runtime.logger.warning("\(failureCalls) failure calls are left to the monitor: \(reason)")
        runtime.metrics.count(.loaderFailureCallsUnsent, failureCalls)
    }

    /// Whether the queue, or the server behind it, is full; whether to stop planning because workers are behind; and
    /// the fairness keys held back because they exceed their share.
    private typealias Room = (isFull: Bool, isPaced: Bool, held: Set<String>, pressure: QueuePressure)

    private func state(of queue: any MessageQueue) async throws(QueueError) -> Room {
        let shares = QueueShares(
            messages: configuration.queueLimit, memory: configuration.memoryLimit, backlog: configuration.backlog)
        var pressure = try await queue.pressure(byTenant: false)
        if shares.isScarce(pressure) { pressure = try await queue.pressure(byTenant: true) }
        return (shares.isFull(pressure), shares.isPaced(pressure), shares.held(pressure), pressure)
    }

    /// The room for a batch of a shard; says in the log and in metrics what keeps triggers planned.
    private func room(_ shard: Int) async throws(QueueError) -> Room {
        let room = try await state(of: queue)
        let (isFull, isPaced, held, pressure) = room
        if isFull {
            let memory = pressure.memoryUse.map { ", \(Int($0 * 100)) % of its memory" } ?? ""
            runtime.logger.warning(
                "the queue is full (\(pressure.fullestShard) messages in a shard\(memory)): triggers stay planned",
                metadata: ["shard": "\(shard)"])
            runtime.metrics.count(.loaderHeldBack)
        } else if !held.isEmpty {
            runtime.logger.warning(
                "these have more than their share of the queue, and their triggers stay planned: \(held.sorted().joined(separator: ", "))",
                metadata: ["shard": "\(shard)"])
            runtime.metrics.count(.loaderHeldTenants, held.count)
        }
        if isPaced {
            runtime.metrics.count(.loaderPaced)
        }
        return room
    }

    /// Sends again what an earlier loader or a failed pass may not have sent.
    private func resend(_ shard: ShardOverview, _ weights: [TenantID: Double]) async throws {
        var last: (Timestamp, TriggerID)?
        while true {
            let now = try await ClockOffset(store.now).now()
            let ticket = try await queue.ticket()
            let triggers = try await store.unconfirmed(
                shard: shard.shard, confirmed: shard.confirmedPass, from: shard.unconfirmedLow, after: last,
                limit: configuration.batch)
            try await send(triggers, ticket: ticket, now: now, weights)
            guard let end = triggers.last, triggers.count == configuration.batch else { break }
            last = (end.message.plannedAt, end.message.id)
        }
        try await store.confirmAllPasses(shard: shard.shard, upTo: shard.pass)
    }

    private func send(
        _ triggers: [QueuedTrigger], ticket: QueueTicket, now: Timestamp, _ weights: [TenantID: Double]
    ) async throws {
        let messages = triggers.filter(\.hasAction).map { OutgoingMessage($0, now: now, weights: weights) }
        for start in stride(from: 0, to: messages.count, by: 1_000) {
            let part = Array(messages[start..<min(start + 1_000, messages.count)])
            let results = try await queue.send(part, ticket: ticket, mode: .add)
            count(.loaderSent, results.filter { $0 == .accepted }.count)
            let stale = results.filter { $0 == .stale }.count
            if stale > 0 {
                count(.loaderStale, stale)
                runtime.logger.warning("\(stale) triggers came too late to be sent; the monitor sends them")
            }
        }
    }

    private func count(_ metric: Metric, _ by: Int) {
        if by > 0 { runtime.metrics.count(metric, by) }
    }
}
