import Memory
import Model
import Queue
import Store
import Synchronization

extension Simulation {
    /// Every virtual hour, checks all open triggers, the queues' counters, the floors of the scans, and the records of
    /// some schedules against their calendars, so that each schedule is checked once a month.
    func audit() async throws {
        after(.seconds(3_600), .audit)
        try checkPart()
        if let id = store.hiddenSchedule() {
            throw Violation("an armed schedule lies below the floor of its shard", schedule: "\(id)")
        }
        let open = ledger.state.withLock { $0.open }
        for (id, trigger) in open.sorted(by: { $0.key < $1.key }) {
            if !store.isWatched(id) {
                throw Violation("nobody will look for it", schedule: "\(trigger.schedule)", trigger: id)
            }
            if clock.now > trigger.deadline + .seconds(86_400) {
                throw Violation(
                    "open a day after its deadline: \(try await place(of: id))", schedule: "\(trigger.schedule)",
                    trigger: id)
            }
        }
        try await auditQueue()
        if configuration.isVerbose { print("\(clock.now): \(open.count) open, \(statistics.text)") }
    }

    /// Prints what happens to the trigger being watched.
    func say(_ id: TriggerID, _ what: @autoclosure () -> String) {
        if let watched = configuration.watched, watched == id { print("\(clock.now) \(what())") }
    }

    func sayOf(_ id: MessageID, _ what: @autoclosure () -> String) {
        guard configuration.watched != nil, let id = TriggerID(id.description) else { return }
        say(id, what())
    }

    /// Where an open trigger is, for the report of a violation.
    func place(of id: TriggerID) async throws -> String {
        guard let row = store.stored(id) else { return "no record" }
        let isHeld = try await queue.holds([(MessageID(id), row.redrive)])[0]
        let hasAction = store.queuedTrigger(id)?.hasAction == true
        return """
            \(row.state)\(row.isCancelRequested ? ", to be cancelled" : ""), redrive \(row.redrive), \
            \(isHeld ? "in the queue" : "not in the queue"), \(hasAction ? "with" : "without") an action
            """
    }

    private func auditQueue() async throws {
        let statistics = try await triggers.statistics()
        let live = statistics.ready + statistics.delayed + statistics.inFlight
        let pressure = try await triggers.pressure().fullestShard
        let tenants = statistics.tenants.values.reduce(0, +)
        if live != pressure || live != tenants {
            throw Violation("the queue counts \(live), \(pressure) and \(tenants) messages")
        }
    }

    private func checkPart() throws {
        let registered = ledger.registered
        for index in stride(from: audits % Simulation.parts, to: registered.count, by: Simulation.parts) {
            let schedule = registered[index]
            guard store.isPlannedInOrder(schedule) else { continue }
            if let violation = ledger.check(schedule, store.row(of: schedule)) { throw violation }
        }
        audits += 1
    }

    /// At the end: checks every schedule's records against its calendar, and that the queues are empty.
    func checkAll() throws {
        for handle in ledger.registered {
            if let violation = ledger.check(handle, store.row(of: handle)) { throw violation }
        }
        if triggers.hasReady || results.hasReady { throw Violation("messages are left in a queue") }
    }
}
