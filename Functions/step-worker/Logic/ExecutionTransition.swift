package import Flows
package import Model
package import Store

/// What a worker knows when it decides how an execution goes on. A value: the same execution, answers and time give the
/// same decision.
package struct ExecutionTransition: Sendable {
    /// The calls of one execution that the worker is making, or whose answers it holds.
    package typealias Flights = Set<StepCall>

    var catalog: FlowCatalog
    /// The worker that decides.
    var worker: Identifier
    /// Workers of which it is known whether they are alive: each was looked up after its claim was seen.
    var liveness: [Identifier: Bool]
    /// How many calls it may begin; a worker that is stopping begins none.
    var room: Int
    var now: Timestamp
    var instant: ContinuousClock.Instant

    /// What a worker knows now.
    ///
    /// - Parameters:
    ///   - now: the database's clock.
    ///   - instant: the worker's own, for the age of what it has read.
    package init(
        catalog: FlowCatalog, worker: Identifier, liveness: [Identifier: Bool], room: Int, now: Timestamp,
        instant: ContinuousClock.Instant
    ) {
        self.catalog = catalog
        self.worker = worker
        self.liveness = liveness
        self.room = room
        self.now = now
        self.instant = instant
    }

    /// What became of one execution.
    package enum Decision: Sendable {
        /// To be written, with what is to be done after the commit.
        case write(ExecutionWrite, Effects)
        /// There is nothing to do.
        case nothing
        /// Something has to be read first.
        case needs(Needs)
        /// A later version of Headgate has written it: it is left to others (protocols.md, 26).
        case laterVersion
        /// It cannot be applied, whoever tries.
        case unreadable(String)
    }

    /// What the catalog does not have.
    package struct Needs: Sendable {
        package var definition: DefinitionID?
        package var bindingsOf: TenantID?
        package var bindings: Set<Int> = []
        /// Workers whose claims were seen.
        package var workers: Set<Identifier> = []
    }

    /// What is to be done after the commit.
    package struct Effects: Sendable {
        package var invocations: [CallJob] = []
        package var cancels: [CallJob] = []
        /// When it is to be looked at again, if that is so soon that no loader may see it.
        package var hintAt: Timestamp?
        package var outcome: FlowOutcome?
        /// An execution that was started because this one has failed.
        package var started: ExecutionID?
        /// How many events were applied.
        package var events = 0
        /// Reports and answers that came for an attempt that was over.
        package var ignored = 0
    }

    /// Applies everything that has come for an execution: arrivals, then answers, then time; then claims what is to be
    /// called.
    package func decide(
        _ locked: LockedExecution, answers: [PendingAnswer], flights: Flights
    ) -> Decision {
        let row = locked.row
        let isResumed = locked.arrivals.contains { $0.kind == .resume }
        if row.status == .quarantined, !isResumed { return .nothing }
        // It waits for another run of its schedule; only a cancel ends that wait.
        if row.status == .pending, !locked.arrivals.contains(where: { $0.kind == .cancel }) { return .nothing }
        if row.status.isEnded, locked.arrivals.isEmpty, answers.isEmpty {
            if locked.wakeAt == nil { return .nothing }
        }
        guard let definition = catalog.definition(row.definition) else {
            return .needs(Needs(definition: row.definition, bindingsOf: row.tenant))
        }
        guard let plan = definition.plan else { return .laterVersion }
        guard catalog.knowsBindings(of: row.tenant, now: instant) else { return .needs(Needs(bindingsOf: row.tenant)) }
        do throws(ByteReader.Failure) {
            var inputs = try FlowInputs(decoding: row.input)
            // Who started it did not know its definition.
            if locked.handlesFailure { inputs.fillDefaults(of: plan.definition) }
            let context = catalog.context(of: plan, inputs: inputs, tenant: row.tenant, id: row.id)
            var run = Run(
                state: try row.state.map { bytes throws(ByteReader.Failure) in
                    try FlowState(decoding: bytes, plan)
                }, plan: plan, context: context, now: now)
            let unknown = run.bindings.filter { !catalog.knowsBinding($0) }
            if !unknown.isEmpty { return .needs(Needs(bindings: unknown)) }
            let holders = Set(run.state.claims.lazy.map(\.worker)).filter { $0 != worker && liveness[$0] == nil }
            if !holders.isEmpty { return .needs(Needs(workers: holders)) }
            for arrival in locked.arrivals { try run.apply(arrival) }
            for answer in answers { run.apply(answer.event) }
            run.apply(.timeReached)
            for (call, holder) in run.state.claims where isLost(call, holder, flights) { run.apply(.claimLost(call)) }
            if room > 0 { run.apply(.claimed(by: worker, limit: room)) }
            return write(run, locked, definition, inputs)
        } catch {
            return error.isOfLaterVersion ? .laterVersion : .unreadable("\(error)")
        }
    }

    /// Whether nobody makes a claimed call: its worker is dead, or it is this one, which does not know of it because
    /// the connection died after the commit.
    private func isLost(_ call: StepCall, _ holder: Identifier, _ flights: Flights) -> Bool {
        holder == worker ? !flights.contains(call) : liveness[holder] == false
    }

    // MARK: What is written

    private func write(
        _ run: Run, _ locked: LockedExecution, _ definition: FlowCatalog.Definition, _ inputs: FlowInputs
    ) -> Decision {
        let row = locked.row
        var write = ExecutionWrite(
            id: row.id, tenant: row.tenant, status: run.state.executionStatus, state: run.state.encoded)
        write.arrivals = locked.arrivals.map(\.id)
        var effects = Effects()
        effects.events = run.events
        var history: [HistoryEvent] = []
        for directive in run.directives {
            switch directive {
            case .invoke(let call):
                effects.invocations.append(job(call, run, row, definition, inputs))
            case .cancel(let call):
                effects.cancels.append(job(call, run, row, definition, inputs))
            case .keep(let call, let outputs):
                // What later steps read is in the state.
                let read = Set(run.plan.steps[call.step].readOutputs)
                if outputs.fields.contains(where: { !read.contains($0.name) }) {
                    write.outputs.append(
                        OutputRow(step: call.step, attempt: call.attempt, body: outputs.json.serialized))
                }
            case .record(let event):
                if event.kind == .ignored { effects.ignored += 1 }
                history.append(event)
            case .finish(let outcome): effects.outcome = outcome
            }
        }
        let isEnded = run.state.isEnded
        write.endedAt = isEnded ? (effects.outcome == nil ? row.endedAt : now) : nil
        if let outcome = effects.outcome {
            write.endsRunOf = locked.schedule
            if locked.schedule != nil { write.runEnd = run.runEnd(outcome, row.id) }
            if outcome == .failed, !locked.handlesFailure, let start = failureStart(run, row, definition) {
                write.failureStart = start
                effects.started = start.id
                // The end stays the last of its events.
                history.insert(
                    HistoryEvent(.failureReported, nil, "\(start.flow): \(start.id)"), at: max(0, history.count - 1))
            }
        }
        if effects.outcome != nil { write.forgetAt = now + FlowRetention.of(effects.outcome) }
        if !history.isEmpty {
            write.history =
                HistoryRecord(
                    definition: row.definition, status: write.status.rawValue, createdAt: row.createdAt,
                    endedAt: write.endedAt, trigger: row.trigger, events: history,
                    snapshot: effects.outcome == nil ? nil : write.state,
                    digest: effects.outcome == nil ? nil : locked.digest
                ).encoded
        }
        (write.wake, effects.hintAt) = wake(run.state, locked.wakeAt)
        if write.state == row.state, write.arrivals.isEmpty, write.wake == .keep, write.status == row.status {
            return .nothing
        }
        return .write(write, effects)
    }

    /// The flow that starts because this one has failed. Its id follows from the execution and the time of its end, so that
    /// the transaction can be repeated, and a retry that fails again starts another.
    private func failureStart(
        _ run: Run, _ row: ExecutionRow, _ definition: FlowCatalog.Definition
    ) -> FailureStart? {
        guard let flow = run.plan.definition.onFailure else { return nil }
        let report = FailureReport(
            execution: row.id, flow: definition.row.name, step: run.state.failedStep.map { run.plan.steps[$0].name },
            failure: run.state.failure ?? StepFailure(.user, "it failed"))
        let seed =
            (row.id.value.high ^ row.id.value.low ^ UInt64(bitPattern: now.microseconds)) &* 0x9E37_79B9_7F4A_7C15
        let id = ExecutionID.v7(milliseconds: now.milliseconds, tailHigh: seed >> 52, tailLow: seed)
        return FailureStart(id: id, flow: flow, input: FlowInputs(values: report.values).encoded)
    }

    /// What a loader looks ahead for; nearer wakes get their hint from here.
    private static let lookahead = Duration.seconds(3)

    /// One row an execution, never later than it is needed, and left alone while it is earlier (protocols.md, 18).
    private func wake(_ state: FlowState, _ current: Timestamp?) -> (ExecutionWrite.Wake, hintAt: Timestamp?) {
        guard let next = state.nextWake(after: now) else { return (current == nil ? .keep : .remove, nil) }
        let hint = next < now + ExecutionTransition.lookahead ? next : nil
        if let current, current > now, current <= next { return (.keep, hint) }
        return (.set(next), hint)
    }

    private func job(
        _ call: StepCall, _ run: Run, _ row: ExecutionRow, _ definition: FlowCatalog.Definition, _ inputs: FlowInputs
    ) -> CallJob {
        let step = run.plan.steps[call.step]
        let id = run.state.steps[call.step].binding
        return CallJob(
            execution: row.id, tenant: row.tenant, call: call, stepName: step.name, contract: step.contract,
            flow: definition.row.name, version: definition.row.version, binding: catalog.binding(id),
            state: run.state, context: run.context, inputs: inputs,
            deadline: run.state.steps[call.step].attemptDeadline ?? now + .seconds(60))
    }
}

/// How long executions stay in the engine after their end.
enum FlowRetention {
    static func of(_ outcome: FlowOutcome?) -> Duration {
        switch outcome {
        case .succeeded: .seconds(15 * 60)
        // Until then it can be retried.
        case .failed, .cancelled, nil: .seconds(7 * 86_400)
        }
    }
}

/// One execution while events are applied to it.
private struct Run {
    var state: FlowState
    let plan: FlowPlan
    let context: FlowContext
    let now: Timestamp
    var directives: [FlowDirective] = []
    var events = 0

    init(state: FlowState?, plan: FlowPlan, context: FlowContext, now: Timestamp) {
        self.plan = plan
        self.context = context
        self.now = now
        self.state = state ?? FlowState(of: plan, at: now)
        if state == nil { apply(.started) }
    }

    /// Of the attempts that are under way.
    var bindings: Set<Int> {
        Set(state.steps.lazy.filter { $0.attempt > 0 && !$0.isFinal }.map(\.binding))
    }

    /// What the end says of the schedule that started it. A cancelled run says nothing.
    func runEnd(_ outcome: FlowOutcome, _ id: ExecutionID) -> RunEnd? {
        switch outcome {
        case .succeeded: return RunEnd(.delivered)
        case .cancelled: return nil
        case .failed:
            let step = state.failedStep.map { "\(plan.steps[$0].name): " } ?? ""
            let failure = state.failure.map { "\($0.kind): \($0.message)" } ?? "it failed"
            return RunEnd(.dead, reason: String("the execution \(id) failed: \(step)\(failure)".prefix(500)))
        }
    }

    mutating func apply(_ event: FlowEvent) {
        events += 1
        directives += state.apply(event, context, now: now)
    }

    mutating func apply(_ arrival: Arrival) throws(ByteReader.Failure) {
        switch arrival.kind {
        case .callback:
            let (call, report) = try CallbackReport.decode(arrival.payload)
            guard plan.steps.indices.contains(call.step) else { return }
            apply(.reported(call, report.report(plan.steps[call.step].contract)))
        case .answer:
            let (call, report) = try CallbackReport.decode(arrival.payload)
            guard plan.steps.indices.contains(call.step) else { return }
            apply(.answered(call, report.answer(plan.steps[call.step].contract)))
        case .cancel: apply(.cancelRequested)
        case .pause: apply(.pauseRequested)
        case .resume: apply(.resumed)
        case .retry:
            let name = String(decoding: arrival.payload, as: UTF8.self)
            apply(.retried(from: plan.number(of: name)))
        }
    }
}

extension FlowState {
    /// As lists and statements know it.
    var executionStatus: ExecutionStatus {
        switch status {
        case .running: isPaused ? .paused : .running
        case .ending: .ending
        case .ended(.succeeded): .succeeded
        case .ended(.failed): .failed
        case .ended(.cancelled): .cancelled
        }
    }
}
