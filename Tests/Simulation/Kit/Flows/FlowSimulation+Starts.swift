import Flows
import Memory
import Model
import Queue
import Scheduling
import Store
import TestRandom

/// What users, schedules and remote systems do, by way of the API.
extension FlowSimulation {
    private static let schedules: UInt64 = 50

    /// Starts one execution, by itself or as a run of a schedule, and arranges the next start.
    func startOne() async throws {
        defer {
            if started < configuration.flows {
                let pace = 86_400_000_000 * Int64(configuration.days) / Int64(configuration.flows)
                after(.microseconds(Int64.random(in: 0...2 * pace, using: &random)), .start)
            }
        }
        if broken.contains(.store) { return }
        let flow = random.pick(workload.flows.filter { $0.row.id != workload.handler })
        let id = ExecutionID.v7(at: clock.database, using: &random)
        let inputs = FlowInputs(values: [:])
        var new = NewExecution(
            id: id, tenant: FlowWorkload.tenant, definition: flow.row.id, input: inputs.encoded, digest: [1])
        started += 1
        trace.note(.inserted, clock.now, id.value.low)
        if random.chance(0.2) {
            try await startRun(&new)
        } else {
            _ = try await registry.start([new], tenant: new.tenant, now: clock.database)
            ledger.open[id] = FlowLedger.Entry(flow: flow.row.id)
        }
        guard ledger.open[id] != nil else { return }
        arrangeControls(of: id)
        try await hint(id)
    }

    /// As `API.commit`.
    private func startRun(_ new: inout NewExecution) async throws {
        let number = random.next() % FlowSimulation.schedules
        let policy: OverlapPolicy = [.queue(3), .skip, .cancel][Int(number % 3)]
        new.schedule = ScheduleID(high: 9, low: number)
        new.trigger = TriggerID(new.id.value)
        let result = try await registry.start([new], mayOverlap: [false], now: clock.database) { row, id in
            var state = OverlapState(running: row.running, waiting: row.waiting)
            let start = state.start(id.value, policy: policy)
            row = OverlapRow(running: state.running, waiting: state.waiting)
            switch start {
            case .run(let other): return .run(cancelling: other.map { ExecutionID($0) })
            case .wait: return .wait
            case .skip: return .skip
            }
        }[0]
        switch result {
        case .started(let other):
            var entry = FlowLedger.Entry(flow: new.definition)
            entry.schedule = new.schedule
            entry.isAlone = policy != .cancel
            entry.isControlled = policy == .cancel
            ledger.open[new.id] = entry
            if let other {
                gateway.excuse(other)
                try await hint(other)
            }
        case .known: throw Violation("a new id is known", execution: new.id)
        case .skipped: report.skipped += 1
        }
    }

    /// A few are paused and resumed, cancelled, or retried after their end.
    private func arrangeControls(of id: ExecutionID) {
        guard isHostile, configuration.faults.changesPerDay > 0 else { return }
        let soon = random.duration(0...40_000, unit: 1_000_000)
        switch random.next() % 40 {
        case 0, 1:
            after(soon, .control(id, .pause))
            after(soon + random.duration(1...40_000, unit: 1_000_000), .control(id, .resume))
        case 2: after(soon / 10, .control(id, .cancel))
        case 3: after(soon * 4, .control(id, .retry))
        default: break
        }
    }

    /// What a user asks for.
    func control(_ id: ExecutionID, _ kind: Arrival.Kind) async throws {
        guard ledger.open[id] != nil, isHostile || kind != .pause else { return }
        if broken.contains(.store) { return after(.seconds(60), .control(id, kind)) }
        if kind == .retry {
            guard let row = try await registry.execution(id, tenant: FlowWorkload.tenant), row.status.isEnded,
                row.status != .succeeded
            else { return }
        }
        if isHostile { statistics.changes += 1 }
        ledger.open[id]?.isControlled = true
        // A pause makes deadlines pass, and a retry makes calls again.
        gateway.excuse(id)
        _ = try await registry.add(kind, [], to: id, tenant: FlowWorkload.tenant, now: clock.database)
        try await hint(id)
    }

    /// Sends a hint after a commit, unless the process dies in between.
    func hint(_ id: ExecutionID) async throws {
        do {
            try await step(1, needs: .queue)
            _ = try await hints.send([StepHint.message(id, tenant: FlowWorkload.tenant)])
        } catch is Crash {} catch is Unreachable {}
    }

    /// A remote system reports until the API takes it.
    func deliver(_ report: CallbackReport, of attempt: FlowGateway.Attempt) async throws {
        guard ledger.open[attempt.execution] != nil, !gateway.isEnded(attempt) else { return }
        if broken.contains(.store) || broken.contains(.gateway) {
            return after(.seconds(30), .report(attempt, report))
        }
        let payload = report.encoded(attempt.call)
        let result = try await registry.add(
            .callback, payload, to: attempt.execution, tenant: FlowWorkload.tenant, now: clock.database)
        // Its answer is lost: it comes again.
        if isLost() { after(.seconds(1), .report(attempt, report)) }
        if result == .accepted { try await hint(attempt.execution) }
    }
}
