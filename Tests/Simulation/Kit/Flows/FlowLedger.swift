import Flows
import Memory
import Model
import StepWorkerFunction
import Store

/// What a simulation knows of its executions.
struct FlowLedger {
    /// An execution that has not left the engine.
    struct Entry {
        var flow: DefinitionID
        var schedule: ScheduleID?
        /// At most one run of its schedule is under way.
        var isAlone = false
        /// Users have changed its course, so that it may end otherwise than by itself.
        var isControlled = false
        /// It was started because another has failed.
        var handlesFailure = false
        /// When it was noticed that it has left the engine.
        var leftAt: Timestamp?
    }

    var open: [ExecutionID: Entry] = [:]
}

extension FlowSimulation {
    /// How long something may be overdue: outages last up to two hours.
    private static let patience = Duration.seconds(3 * 3_600)

    /// Every virtual hour: nothing is stuck without a reason, runs do not overlap, and what has left is checked for the
    /// last time.
    func audit() async throws {
        after(.seconds(3_600), .audit)
        var running: [ScheduleID: ExecutionID] = [:]
        for (id, entry) in ledger.open.sorted(by: { $0.key < $1.key }) {
            guard let view = registry.view(of: id) else {
                // The history may be late, but not for good.
                let since = entry.leftAt ?? clock.now
                let known = history.everything(of: id)
                if known.open != nil || known.ended.isEmpty, clock.now - since < FlowSimulation.patience {
                    ledger.open[id]?.leftAt = since
                    continue
                }
                try conclude(id, entry)
                ledger.open[id] = nil
                gateway.forget(id, steps: 8)
                history.forget(id)
                continue
            }
            if let stuck = reasonMissing(view) { throw Violation(stuck, execution: id) }
            guard entry.isAlone, let schedule = entry.schedule, !view.row.status.isEnded, view.row.status != .pending
            else { continue }
            if let other = running[schedule] { throw Violation("it runs beside \(other)", execution: id) }
            running[schedule] = id
        }
        if configuration.isVerbose { print("\(clock.now): \(ledger.open.count) open, \(statistics.text)") }
    }

    /// Why an execution is stuck; nil: something will move it on.
    private func reasonMissing(_ view: InMemoryFlowStore.ExecutionView) -> String? {
        let late = clock.database - FlowSimulation.patience
        if view.row.status.isEnded { return nil }
        if view.row.status == .pending {
            return view.waits ? nil : "it waits for a run of its schedule that does not know of it"
        }
        if let arrival = view.oldestArrival {
            return arrival < late ? "an arrival of \(arrival) was never applied" : nil
        }
        if let wake = view.wakeAt { return wake < late ? "it should have been woken at \(wake)" : nil }
        return view.row.status == .paused ? nil : "it is \(view.row.status), and nobody will look at it"
    }

    /// An execution that has left: its history is complete, says how it ended, and it ended as it would have without
    /// faults.
    private func conclude(_ id: ExecutionID, _ entry: FlowLedger.Entry) throws {
        let known = history.everything(of: id)
        if let open = known.open { throw Violation("it has left, and its history says \(open.status)", execution: id) }
        guard let summary = known.ended.last else { throw Violation("it has left without a history", execution: id) }
        guard known.events.map(\.seq) == Array(1...known.events.count), summary.seq == known.events.count else {
            throw Violation(
                "of its history there are the numbers \(known.events.map(\.seq)) of \(summary.seq)", execution: id)
        }
        var kinds: [HistoryEvent.Kind] = []
        var isLate = false
        for row in known.events {
            for event in try HistoryRecord(decoding: row.body).events {
                kinds.append(event.kind)
                isLate = isLate || event.isTimeout
            }
        }
        try check(kinds, summary, id)
        guard let flow = workload.flows.first(where: { $0.row.id == entry.flow }), let snapshot = summary.snapshot
        else { throw Violation("its last state is not in the history", execution: id) }
        let state = try FlowState(decoding: snapshot, flow.plan)
        if entry.handlesFailure { report.handlers += 1 }
        switch state.outcome {
        case .succeeded: report.succeeded += 1
        case .failed:
            report.failed += 1
            if flow.plan.definition.onFailure != nil, !entry.handlesFailure, !kinds.contains(.failureReported) {
                throw Violation("its failure was reported to nobody", execution: id)
            }
        case .cancelled: report.cancelled += 1
        case nil: throw Violation("its last state has not ended", execution: id)
        }
        if entry.isControlled || entry.handlesFailure { return }
        let inputs = FlowInputs(values: [:])
        var catalog = workers[0].catalog
        catalog.add([flow.row])
        catalog.add(workload.bindings, of: FlowWorkload.tenant, now: instant)
        let context = catalog.context(of: flow.plan, inputs: inputs, tenant: FlowWorkload.tenant, id: id)
        let expected = FlowReferenceRun.result(of: id, flow.plan, context, at: state.startedAt) { contract in
            contract.name == "model.train" ? .callback : .response
        }
        // What came too late because of a fault may change the end.
        if isLate, !expected.hasTimeout { return }
        report.compared += 1
        if state.outcome != expected.outcome, !isLate || !gateway.isExcused(id) {
            throw Violation(
                "it has ended \(state.outcome.map { "\($0)" } ?? "-"), and \(expected.outcome.map { "\($0)" } ?? "never") by itself",
                execution: id)
        }
    }

    private func check(_ kinds: [HistoryEvent.Kind], _ summary: ExecutionSummary, _ id: ExecutionID) throws {
        let ends: [HistoryEvent.Kind: ExecutionStatus] = [
            .succeeded: .succeeded, .failed: .failed, .cancelled: .cancelled,
        ]
        guard kinds.first == .started else { throw Violation("its history begins with \(kinds[0])", execution: id) }
        guard let last = kinds.last(where: { ends[$0] != nil }), ends[last] == summary.status else {
            throw Violation("its history does not end as its summary, \(summary.status)", execution: id)
        }
        let ended = kinds.count { ends[$0] != nil }
        if ended != 1 + kinds.count(where: { $0 == .retried }) {
            throw Violation("it has ended \(ended) times", execution: id)
        }
    }
}
