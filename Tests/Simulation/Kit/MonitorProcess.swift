import Memory
import Model
import Queue
import Sending
import Store

/// What a monitor knows, and the part of the queue's server that only the monitor writes.
struct MonitorProcess {
    /// The generation counter in the queue's server; nil after a loss.
    var generation: Int?
    var keptDaysAt = Timestamp.epoch

    static let every = Duration.seconds(5)
    static let batch = 1_000
    /// In days. Short, so that a month of settled triggers need not be kept; the function's default is 30.
    static let retention: Int64 = 3
}

extension Simulation {
    /// `Monitor.run`: each duty on its own.
    func runMonitor() async throws {
        defer { after(MonitorProcess.every, .monitor) }
        if isBroken(.monitorOutage) { return }
        do {
            try await duty { try await self.tickQueues() }
            try await duty { try await self.checkGeneration() }
            try await duty { try await self.repair() }
            try await duty { try await self.keepDays() }
        } catch is Crash {
            // Another monitor takes over in the next round.
        }
    }

    private func duty(_ body: () async throws -> Void) async throws {
        do { try await body() } catch is Unreachable {}
    }

    private func tickQueues() async throws {
        try await step(40, needs: .queueOutage)
        _ = try await queue.maintain()
        _ = try await outcomes.maintain()
    }

    /// `Monitor.checkGeneration`.
    private func checkGeneration() async throws {
        try await step(41, needs: .queueOutage, .storeOutage)
        let known = try await store.generation().counter
        let present = monitor.generation
        if known > 0, present == known { return }
        if known > 0 {
            try await store.recheckOverdue(now: clock.database)
            var last: (Timestamp, TriggerID)?
            while true {
                try await step(42, needs: .storeOutage)
                let triggers = try await store.unsettled(after: last, limit: MonitorProcess.batch)
                try await resend(triggers)
                guard let end = triggers.last, triggers.count == MonitorProcess.batch else { break }
                last = (end.message.plannedAt, end.message.id)
            }
            try await repair()
        }
        let next = max(present ?? 0, known + 1)
        try await step(43, needs: .queueOutage)
        monitor.generation = next
        try await step(44, needs: .storeOutage)
        try await store.setGeneration(RecordedGeneration(counter: next))
    }

    /// `Monitor.repair`.
    private func repair() async throws {
        try await step(45, needs: .storeOutage)
        let now = clock.database
        try await store.sweep(now: now)
        while true {
            let overdue = try await store.takeOverdue(now: now, limit: MonitorProcess.batch)
            if overdue.isEmpty { return }
            try await step(46, needs: .storeOutage)
            try await store.dropOverdue(overdue.filter { $0.state?.isFinal ?? true }.map(\.id), takenAt: now)
            let open = overdue.filter { $0.state.map { !$0.isFinal } ?? false }
            try await settleCancelled(open)
            try await cancelLost(open)
            try await resend(open.filter { $0.state == .queued && !$0.isCancelRequested }.compactMap(\.trigger))
            try await store.lowerPlannedFloors(open.filter { $0.state == .planned && !$0.isCancelRequested }.map(\.id))
            if overdue.count < MonitorProcess.batch { return }
        }
    }

    /// `Monitor.settleCancelled`.
    private func settleCancelled(_ open: [OverdueTrigger]) async throws {
        let wanted = open.filter(\.isCancelRequested).map(\.id)
        if wanted.isEmpty { return }
        try await step(47, needs: .queueOutage)
        let results = try await queue.cancel(wanted.map { MessageID($0) })
        for (id, result) in zip(wanted, results) { say(id, "the monitor cancels: \(result)") }
        let gone = zip(wanted, results).filter { $0.1.isGone }.map {
            CancelledTrigger($0.0, mayBeCalled: $0.1.mayBeCalled)
        }
        try await step(48, needs: .storeOutage)
        try await changing(schedulesOf: gone.map(\.id)) { try await self.store.settleCancelled(gone) }
    }

    /// `Monitor.cancelLost`.
    private func cancelLost(_ open: [OverdueTrigger]) async throws {
        let asked = open.filter { $0.state == .queued && !$0.isCancelRequested && $0.trigger?.hasAction == false }
        let wanted = asked.map(\.id)
        if wanted.isEmpty { return }
        try await step(49, needs: .queueOutage)
        let held = try await queue.holds(
            asked.map { (MessageID($0.id), $0.trigger?.message.redrive ?? 0) })
        for (id, isHeld) in zip(wanted, held) { say(id, "the monitor asks whether it is held: \(isHeld)") }
        try await step(50, needs: .storeOutage)
        try await store.cancelLost(zip(wanted, held).filter { !$0.1 }.map(\.0))
    }

    /// `Monitor.resend`.
    private func resend(_ triggers: [QueuedTrigger]) async throws {
        let now = clock.database
        let messages = triggers.filter(\.hasAction).map { OutgoingMessage($0, now: now, weights: [:]) }
        if messages.isEmpty { return }
        try await step(51, needs: .queueOutage)
        let results = try await queue.send(messages)
        for (message, result) in zip(messages, results) { sayOf(message.id, "the monitor sends: \(result)") }
        let sent = results.count { $0 == .accepted }
        statistics.resent += sent
        trace.note(.repaired, clock.now, UInt64(messages.count), UInt64(sent))
    }

    /// `Monitor.keepDays`, every ten minutes.
    private func keepDays() async throws {
        guard clock.now - monitor.keptDaysAt > .seconds(600) else { return }
        try await step(52, needs: .storeOutage)
        monitor.keptDaysAt = clock.now
        let today = floorDivide(clock.database.seconds, 86_400)
        for day in today - 1...today + 3 { _ = try await store.addDay(Timestamp(seconds: day * 86_400)) }
        for day in try await store.days()
        where floorDivide(day.start.seconds, 86_400) < today - MonitorProcess.retention {
            try await retire(day)
        }
        try await store.dropLoad(before: Timestamp(seconds: (today - 1) * 86_400))
    }

    /// Checks each record of a day for the last time, and drops the day.
    private func retire(_ day: TriggerDay) async throws {
        guard let records = store.triggers(ofSettled: day), try await store.dropDay(day) else { return }
        for record in records {
            if !record.state.isFinal { throw Violation("a day was dropped with an open trigger", trigger: record.id) }
            target.forget(record.id)
        }
        trace.note(.dropped, clock.now, UInt64(records.count))
    }
}
