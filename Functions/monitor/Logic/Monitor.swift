package import FunctionRuntime
private import Logging
private import Model
package import Queue
private import Sending
package import Store
private import Synchronization
private import Telemetry

/// Finds lost triggers and sends them again, keeps queues without receivers moving, and maintains the partitions.
///
/// Several monitors do no harm: every repair is a send, which the queue ignores if it knows the id.
package struct Monitor: Sendable {
    /// How often the monitor works, and what it keeps.
    package struct Configuration: Sendable {
        /// The period of its duties.
        package var every: Duration = .seconds(5)
        /// How many days of triggers are kept.
        package var retention = 30
        /// How many days ahead partitions exist.
        package var ahead = 3

        /// The defaults given at each property.
        package init() {}
    }

    private let runtime: FunctionRuntime
    private let configuration: Configuration
    private let store: any MonitorStore
    private let queue: any MessageQueue
    private let outcomes: any MessageQueue
    private let generation: (any QueueGeneration)?
    private let tenants: any TenantDirectory
    private let flows: FlowUpkeep?
    private let hasPublished = PublishedOnce()
    private static let batch = 1_000

    /// A monitor of two queues and their store.
    ///
    /// - Parameters:
    ///   - queue: the queue of triggers.
    ///   - generation: the generation counters of the same queue; nil: a queue that loses nothing has none.
    ///   - tenants: the directory that it publishes to.
    ///   - flows: what it looks after executions of flows with; nil: there are none.
    package init(
        _ runtime: FunctionRuntime, configuration: Configuration, store: any MonitorStore, queue: any MessageQueue,
        outcomes: any MessageQueue, generation: (any QueueGeneration)?, tenants: any TenantDirectory,
        flows: FlowUpkeep? = nil
    ) {
        self.flows = flows
        self.tenants = tenants
        self.runtime = runtime
        self.configuration = configuration
        self.store = store
        self.queue = queue
        self.outcomes = outcomes
        self.generation = generation
    }

    /// Does its duties until it is asked to stop. A duty that fails is repeated in the next round and stops no other.
    package func run() async {
        guard let clock = await runtime.retryUntilSuccess("cannot reach Postgres", { try await ClockOffset(store.now) })
        else { return }
        runtime.check(clock, against: "database", atStart: true)
        await withTaskGroup(of: Void.self) { group in
            // Beside the other duties: detecting a loss in Redis must not wait for one that takes long.
            group.addTask {
                await repeatedly(every: min(configuration.every, Monitor.generationStep)) {
                    await duty(.generation) { try await checkGeneration() }
                }
            }
            group.addTask {
                await repeatedly(every: configuration.every) {
                    // Each duty on its own: a database that is down must not keep the queues from moving.
                    await duty(.queues) { try await tickQueues() }
                    // Before lost triggers are sent again: their calls may need a tenant's secrets.
                    await duty(.tenants) { try await publishTenants() }
                    await duty(.overdue) { try await repair() }
                    await duty(.flows) { try await keepFlows() }
                    await duty(.partitions) { try await keepDays() }
                }
            }
        }
        await store.close()
    }

    /// How often the generation counter is raised; a shorter loss can go unnoticed.
    private static let generationStep = Duration.seconds(1)

    private func repeatedly(every: Duration, _ body: () async -> Void) async {
        while !runtime.life.isStopping {
            let start = ContinuousClock.now
            await body()
            await runtime.life.sleep(max(.milliseconds(10), every - (ContinuousClock.now - start)))
        }
    }

    /// Does a duty, and records in the database when it was done, for the API and loaders to watch (protocols.md, 25b).
    private func duty(_ duty: MonitorDuty, _ body: () async throws -> Void) async {
        if runtime.life.isStopping { return }
        do {
            try await body()
            try await store.completeDuties([duty.rawValue], now: try await store.now())
        } catch {
            runtime.logger.warning("the duty \(duty.rawValue) failed: \(error)")
            runtime.metrics.count(.monitorErrors, labels: "duty=\"\(duty.rawValue)\"")
        }
    }

    private func tickQueues() async throws {
        for queue in [queue, outcomes] + (flows.map { [$0.hints] } ?? []) {
            _ = try await queue.maintain()
            let statistics = try await queue.statistics()
            for (place, count) in [
                ("ready", statistics.ready), ("delayed", statistics.delayed), ("in_flight", statistics.inFlight),
                ("dead", statistics.dead),
            ] {
                runtime.metrics.set(.queueMessages, Double(count), labels: "queue=\"\(queue.name)\",place=\"\(place)\"")
            }
            // SQS does not say how old its messages are.
            guard queue.capabilities.countsTenants else { continue }
            runtime.metrics.set(
                .queueOldestReadySeconds, statistics.oldestReady?.inSeconds ?? 0, labels: "queue=\"\(queue.name)\"")
        }
    }

    // MARK: Flows

    private func keepFlows() async throws {
        try await flows?.keep(now: try await store.now()) { runtime.life.isStopping }
    }

    // MARK: Tenants

    /// Publishes what changed in the directory since it was last complete; everything, if Redis has no directory, or
    /// once for each monitor, which may be able to read what another could not.
    private func publishTenants() async throws {
        let known = try await tenants.state()?.version
        let version = try await store.directoryVersion()
        let isFirst = !hasPublished.value.load(ordering: .relaxed)
        if known == version, !isFirst { return }
        // A database restored to an earlier state has a lower version.
        let isOlder = known.map { $0 > version } ?? false
        if isOlder { try await tenants.clear() }
        var last = isOlder || isFirst ? 0 : known ?? 0
        while true {
            let entries = try await store.directoryEntries(after: last, limit: Monitor.batch)
            for (tenant, problem) in entries.compactMap({ entry in entry.problem.map { (entry.tenant, $0) } }) {
                runtime.logger.error(
                    "the settings of the tenant \(tenant) cannot be read (\(problem)): its calls wait; PUT them again")
                runtime.metrics.count(.monitorUnreadable)
            }
            let isLast = entries.count < Monitor.batch
            try await tenants.publish(entries, completeTo: isLast ? version : nil)
            if isLast {
                hasPublished.value.store(true, ordering: .relaxed)
                return
            }
            last = entries.map { $0.problem == nil ? $0.version : $0.version + 1 }.max() ?? last
        }
    }

    // MARK: A Redis that goes back

    /// Raises the generation counter. If a shard has an older one, first reconciles what it holds and sends everything
    /// open again (protocols.md, 7 and 7a); receivers of that shard wait meanwhile.
    private func checkGeneration() async throws {
        // SQS keeps its messages (protocols.md, 5): the duty is done.
        guard let generation else { return }
        let known = try await store.generation()
        let reading = try await generation.readGeneration()
        await compareClocks(reading)
        let finding = GenerationFinding(reading, counter: known.counter, run: known.run)
        if case .wentBack(let shards) = finding {
            if reading.counters.contains(where: { $0 ?? -1 < known.counter }) {
                runtime.logger.warning(
                    "Redis went back in \(shards.count) shards of the queue; putting right what is there")
            } else {
                runtime.logger.info(
                    "another Redis answers than before, or it was started anew; comparing what it holds with the database"
                )
            }
            runtime.metrics.count(.redisWentBack)
            try await reconcile(shards, generation)
        }
        // Postgres first: a monitor that dies in between leaves an older counter in Redis, and reconciles again.
        let next = max(known.counter, reading.counters.compactMap(\.self).max() ?? 0) + 1
        try await store.setGeneration(RecordedGeneration(counter: next, run: reading.run))
        let changed = try await generation.writeGeneration(next, replacing: reading)
        if !changed.isEmpty {
            runtime.logger.info(
                "\(changed.count) shards of the queue changed while they were read; the next round looks again")
        }
    }

    private func reconcile(_ shards: [Int], _ generation: any QueueGeneration) async throws {
        var discarded = 0
        for shard in shards { discarded += try await discardFinished(shard, generation) }
        let clock = try await ClockOffset(store.now)
        try await store.recheckOverdue(now: clock.now())
        var last: (Timestamp, TriggerID)?
        while true {
            let ticket = try await queue.ticket()
            let triggers = try await store.unsettled(after: last, limit: Monitor.batch)
            try await resend(triggers, ticket: ticket, now: clock.now())
            guard let end = triggers.last, triggers.count == Monitor.batch else { break }
            last = (end.message.plannedAt, end.message.id)
        }
        try await repair()
        if discarded > 0 { runtime.logger.warning("removed \(discarded) messages of triggers that are over") }
        runtime.metrics.count(.monitorDiscarded, discarded)
    }

    /// Removes from a shard the messages whose triggers are over; returns how many.
    private func discardFinished(_ shard: Int, _ generation: any QueueGeneration) async throws -> Int {
        var discarded = 0
        var cursor: String?
        repeat {
            let page = try await generation.held(shard: shard, after: cursor)
            let messages = page.messages.compactMap { message in
                TriggerID(message.id.description).map { (id: $0, redrive: message.generation) }
            }
            let over = try await store.finished(messages)
            discarded += try await generation.discard(over.map { MessageID($0) })
            cursor = page.next
        } while cursor != nil
        return discarded
    }

    /// Reports the skew between Redis's clock, by which delays and leases run, and the database's, by which triggers
    /// are planned (protocols.md, 22).
    private func compareClocks(_ reading: GenerationReading) async {
        // The duty itself reports a database that cannot be reached.
        guard let now = try? await store.now() else { return }
        let skew = reading.time - now
        runtime.metrics.set(.redisClockSkewSeconds, skew.inSeconds)
        if max(skew, .zero - skew) >= ClockOffset.warnFrom {
            runtime.logger.warning("Redis's clock is \(skew.text) off the database's: set it right")
        }
    }

    // MARK: Overdue triggers

    private func repair() async throws {
        let clock = try await ClockOffset(store.now)
        runtime.check(clock, against: "database")
        let now = clock.now()
        try await store.sweep(now: now)
        // A queue that knows no ids would have what is sent again twice: there, nothing is sent unless it is empty
        // (protocols.md, 4). One answer for the whole round: what the round sends makes the queue count as full.
        var mayHaveLost: Bool? = queue.capabilities.knowsIDs ? true : nil
        while !runtime.life.isStopping {
            // Read before the rows: a monitor that stalls in between has an old ticket, and sends nothing
            // (protocols.md, 7).
            let ticket = try await queue.ticket()
            let overdue = try await store.takeOverdue(now: now, limit: Monitor.batch)
            if overdue.isEmpty { return }
            try await store.dropOverdue(overdue.filter { $0.state?.isFinal ?? true }.map(\.id), takenAt: now)
            let open = overdue.filter { $0.state.map { !$0.isFinal } ?? false }
            try await settleCancelled(open)
            try await cancelLost(open)
            let lost = open.filter { $0.state == .queued && !$0.isCancelRequested }.compactMap(\.trigger)
            if mayHaveLost == nil, let first = lost.first {
                mayHaveLost = try await queue.holds([(MessageID(first.message.id), first.message.redrive)]) == [false]
                if mayHaveLost == true {
                    // The others are to be looked at within a minute; by then the queue counts as full again.
                    try await store.recheckOverdue(now: now)
                    continue
                }
            }
            // What is past its deadline ends without a call, however often it is sent.
            let sent = mayHaveLost == true ? lost : lost.filter { now - $0.message.deadline > Monitor.endingGrace }
            if !sent.isEmpty {
                try Failpoint.monitorBeforeSend.pass()
                try await resend(sent, ticket: ticket, now: clock.now())
            }
            try await store.lowerPlannedFloors(
                open.filter { $0.state == .planned && !$0.isCancelRequested }.map(\.id))
            if overdue.count < Monitor.batch { return }
        }
    }

    /// How long after its deadline a trigger in a queue without ids may take to end.
    private static let endingGrace = Duration.seconds(60)

    /// Repeats cancels that the API could not complete.
    private func settleCancelled(_ open: [OverdueTrigger]) async throws {
        let wanted = open.filter(\.isCancelRequested)
        if wanted.isEmpty { return }
        let results = try await queue.cancel(wanted.map { MessageID($0.id) })
        var gone = zip(wanted, results).filter { $0.1.isGone }
            .map { CancelledTrigger($0.0.id, mayBeCalled: $0.1.mayBeCalled) }
        // A queue that removes nothing by id cannot say that it has lost one, unless it is empty.
        if !queue.capabilities.findsByID {
            let held = try await queue.holds(wanted.map { (MessageID($0.id), $0.trigger?.message.redrive ?? 0) })
            gone = zip(wanted, held).filter { !$0.1 }.map { CancelledTrigger($0.0.id, mayBeCalled: true) }
        }
        try await store.settleCancelled(gone)
    }

    /// Ends triggers that can no longer be sent: the queue has lost them, and nobody knows their action, because they
    /// are older than the table that keeps actions.
    private func cancelLost(_ open: [OverdueTrigger]) async throws {
        let wanted = open.filter { $0.state == .queued && !$0.isCancelRequested && $0.trigger?.hasAction == false }
        if wanted.isEmpty { return }
        let held = try await queue.holds(
            wanted.map { (MessageID($0.id), $0.trigger?.message.redrive ?? 0) })
        try await store.cancelLost(zip(wanted, held).filter { !$0.1 }.map(\.0.id))
    }

    private func resend(_ triggers: [QueuedTrigger], ticket: QueueTicket, now: Timestamp) async throws {
        let open = triggers.filter(\.hasAction)
        if open.isEmpty { return }
        let weights = try await store.weights()
        let messages = open.map { OutgoingMessage($0, now: now, weights: weights) }
        let sent = try await queue.send(messages, ticket: ticket, mode: .add).filter { $0 == .accepted }.count
        if sent > 0 {
            runtime.logger.warning("sent \(sent) triggers that were in no queue")
            runtime.metrics.count(.monitorResent, sent)
        }
    }

    // MARK: Partitions

    private func keepDays() async throws {
        let today = floorDivide(try await store.now().seconds, 86_400)
        let days = try await store.days()
        let attached = Set(days.filter { $0.place == .attached }.map { floorDivide($0.start.seconds, 86_400) })
        for day in today - 1...today + Int64(configuration.ahead) where !attached.contains(day) {
            if try await store.addDay(Timestamp(seconds: day * 86_400)) {
                runtime.logger.info("made the partition of \(Timestamp(seconds: day * 86_400))")
            }
        }
        let oldest = Timestamp(seconds: (today - Int64(configuration.retention)) * 86_400)
        for day in days where day.start < oldest { await drop(day) }
        try await store.dropLoad(before: Timestamp(seconds: (today - 1) * 86_400))
        try await store.dropOneOffs(before: oldest)
        try await store.dropActions(now: try await store.now())
        if let published = try await tenants.state()?.version {
            try await store.dropTenants(before: Timestamp(seconds: (today - 1) * 86_400), publishedTo: published)
        }
        try await store.dropRequests(before: Timestamp(seconds: (today - 1) * 86_400))
    }

    /// Drops a day's partition. A reader in the way stops neither the other days nor the next round.
    private func drop(_ day: TriggerDay) async {
        do {
            let isDropped = try await store.dropDay(day)
            runtime.logger.info(
                "\(isDropped ? "dropped" : "kept, for what is unsettled in it,") the partition of \(day.start)")
        } catch {
            runtime.logger.warning("the partition of \(day.start) cannot be dropped yet: \(error)")
            runtime.metrics.count(.monitorErrors, labels: "duty=\"\(MonitorDuty.partitions.rawValue)\"")
        }
    }
}

/// Whether a monitor has published the whole directory.
private final class PublishedOnce: Sendable {
    let value = Atomic(false)
}
