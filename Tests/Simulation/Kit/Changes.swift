import Memory
import Model
import Queue
import Scheduling
import Sending
import Store
import TestRandom

/// A schedule of the simulation, as users refer to it.
struct ScheduleHandle {
    var id: ScheduleID
    var tenant: TenantID
    var name: ScheduleName
    /// Users leave schedules with `maxTriggers` alone: after a change their end could not be derived from the calendar.
    var isChangeable: Bool
}

/// An encoded action with its retry policy; many schedules share one.
struct WriteShape {
    var action: [UInt8]
}

extension Simulation {
    /// Registers all schedules as the API does, and creates the processes.
    func register() async throws {
        for attempts in [1, 3, 6, 20] {
            let retry = RetryPolicy(initial: .seconds(1), maxAttempts: attempts)
            let action = Action.http(HTTPAction(url: "https://target.example/hook/\(attempts)"))
            writes.append(WriteShape(action: ActionRecord(action: action, retry: retry).encoded))
        }
        let today = floorDivide(clock.database.seconds, 86_400)
        for day in today - 1...today + 3 { _ = try await store.addDay(Timestamp(seconds: day * 86_400)) }
        let workload = Workload(configuration, start: start)
        schedules.reserveCapacity(configuration.schedules)
        while schedules.count < configuration.schedules {
            try await registerOne(ScheduleName(checked: "s\(schedules.count)"), workload.timing(using: &random))
        }
        loaders = (0..<2).map { _ in makeLoader() }
        workers = Array(repeating: WorkerProcess(), count: 3)
    }

    private func registerOne(_ name: ScheduleName, _ timing: Timing) async throws {
        let tenant = TenantID(checked: "t\(random.next() % 997)")
        let write = write(name, tenant, timing)
        let row = try await store.put([write], now: clock.database)[0].row
        ledger.register(row)
        schedules.append(
            ScheduleHandle(id: row.id, tenant: tenant, name: name, isChangeable: timing.maxTriggers == nil))
        for index in loaders.indices { wake(index, at: clock.now + .seconds(1)) }
    }

    private func write(_ name: ScheduleName, _ tenant: TenantID, _ timing: Timing) -> ScheduleWrite {
        let id = ScheduleID.v7(at: clock.database, using: &random)
        let compiled = CompiledTiming(timing, zones: zones)
        return ScheduleWrite(
            tenant: tenant, name: name, id: id, shard: Int(id.value.low % UInt64(Simulation.shards)),
            timing: timing.encode(),
            action: random.pick(writes).action, paused: nil, next: { compiled.next(atOrAfter: $0) })
    }

    /// A user changes a schedule, or an operator redrives triggers.
    func changeSomething() async throws {
        guard isHostile else { return }
        after(random.duration(1...Int64(2 * 86_400_000 / configuration.faults.changesPerDay)), .change)
        let index = Int(random.next() % UInt64(schedules.count))
        guard schedules[index].isChangeable, !isBroken(.storeOutage) else { return }
        statistics.changes += 1
        let kind = random.next() % 12
        trace.note(.changed, clock.now, kind, UInt64(index))
        do {
            switch kind {
            case 0...3: try await update(index)
            case 4...6: try await pause(index)
            case 7...9: try await resume(index)
            case 10: try await delete(index)
            default: try await redriveSome()
            }
        } catch is Crash {
            // The API's process died: the monitor completes what it began.
        } catch is Unreachable {}
        for index in loaders.indices { wake(index, at: clock.now + .seconds(1)) }
    }

    /// `API.putSchedule` with another timing and action.
    private func update(_ index: Int) async throws {
        let handle = schedules[index]
        let workload = Workload(configuration, start: start)
        var timing = workload.timing(using: &random)
        timing.maxTriggers = nil
        let new = write(handle.name, handle.tenant, timing)
        let now = clock.database
        guard let before = store.row(of: handle.id) else { return }
        let result = try await store.put([new], now: now)[0]
        ledger.change(before, to: result.row)
        if let cursor = result.row.cursor, let due = new.next(now), due < cursor {
            throw Violation("an update passes over its occurrence of \(due)", schedule: handle.name)
        }
        try await cancelInQueue(result.cancelled, reason: .superseded)
    }

    private func pause(_ index: Int) async throws {
        let handle = schedules[index]
        guard let before = store.row(of: handle.id), before.state != .finished else { return }
        let open = try await store.pause(handle.name, tenant: handle.tenant, reason: "user", now: clock.database)
        ledger.change(before, to: store.row(of: handle.id))
        try await cancelInQueue(open ?? [], reason: .paused)
    }

    private func resume(_ index: Int) async throws {
        // A paused one, if there is one nearby.
        let near = (0..<min(schedules.count, 64)).map { (index + $0) % schedules.count }
        guard let found = near.first(where: { store.row(of: schedules[$0].id)?.state == .paused }),
            let before = store.row(of: schedules[found].id)
        else { return }
        let now = clock.database
        let missed: Int? = random.chance(0.5) ? nil : Int(random.next() % 3)
        let zones = zones
        _ = try await store.resume(before.name, tenant: before.tenant, missed: missed, now: now) { row in
            guard let timing = try? Timing(decoding: row.timing) else { return now }
            return timing.next(atOrAfter: min(now, row.resumeAt ?? now), zones: zones)
        }
        ledger.change(before, to: store.row(of: before.id))
    }

    /// Deletes a schedule, and registers another of the same name.
    private func delete(_ index: Int) async throws {
        let handle = schedules[index]
        guard let before = store.row(of: handle.id) else { return }
        let open = try await store.delete(handle.name, tenant: handle.tenant, now: clock.database)
        ledger.change(before, to: nil)
        let workload = Workload(configuration, start: start)
        try await registerOne(handle.name, workload.timing(using: &random))
        try await cancelInQueue(open ?? [], reason: .deleted)
    }

    /// `API.cancelInQueue`.
    private func cancelInQueue(_ ids: [TriggerID], reason: CancelReason) async throws {
        if ids.isEmpty { return }
        try await step(60, needs: .queueOutage)
        let results = try await queue.cancel(ids.map { MessageID($0) })
        for (id, result) in zip(ids, results) { say(id, "cancelled as \(reason): \(result)") }
        let gone = zip(ids, results).filter { $0.1.isGone }.map {
            CancelledTrigger($0.0, mayBeCalled: $0.1.mayBeCalled)
        }
        try await step(61, needs: .storeOutage)
        try await changing(schedulesOf: gone.map(\.id)) { try await self.store.settleCancelled(gone, reason: reason) }
    }

    /// Runs a write that may move the schedules of these triggers back.
    func changing(schedulesOf triggers: [TriggerID], _ body: () async throws -> Void) async throws {
        let ids = Set(triggers.compactMap { store.stored($0)?.schedule })
        let before = ids.sorted().compactMap { store.row(of: $0) }
        try await body()
        for row in before { ledger.change(row, to: store.row(of: row.id) ?? row) }
        for index in loaders.indices { wake(index, at: clock.now + .seconds(1)) }
    }

    /// `API.redriveQueue`: first the transition in the store, then the send with the action of each trigger's own
    /// revision.
    private func redriveSome() async throws {
        try await step(62, needs: .queueOutage)
        let dead = try await store.deadTriggers(limit: 5)
        let now = clock.database
        let ticket = try await queue.ticket()
        let again = try await store.redrive(dead, deadline: now + .seconds(3_600), now: now)
        let messages = again.map { OutgoingMessage($0.message, delay: .zero) }
        try await step(63, needs: .queueOutage)
        let results = try await queue.send(messages, ticket: ticket, mode: .redrive)
        for (message, result) in zip(messages, results) { sayOf(message.id, "redriven: \(result)") }
    }
}
