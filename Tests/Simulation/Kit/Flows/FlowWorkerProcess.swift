import Flows
import Memory
import Model
import Queue
import StepWorkerFunction
import Store
import Synchronization
import TestRandom

/// A step-worker between two events.
struct FlowWorkerProcess {
    /// Stands in its claims.
    var id: Identifier
    /// How often it was started: what was under way for an earlier life is lost.
    var life = 0
    var catalog = FlowCatalog()
    var flights: [ExecutionID: Set<StepCall>] = [:]
    var answers: [ExecutionID: [PendingAnswer]] = [:]
    /// When it next receives; nil: nothing is arranged.
    var dueAt: Timestamp?
    /// It receives nothing before this.
    var backAt = Timestamp.distantPast
    /// The executions of its batch.
    var batch: [ExecutionID] = []
    var isStanding = false
    var isRenewing = false
    var downUntil = Timestamp.distantPast

    static let visibility = Duration.seconds(30)
    static let lifetime = Duration.seconds(15)
    static let batch = 100

    init(number: Int) { id = Identifier(high: 0xA, low: UInt64(number) << 32) }

    /// Another process takes its place.
    mutating func restart(downUntil: Timestamp) {
        let (id, life) = (id, life + 1)
        self = FlowWorkerProcess(number: 0)
        self.id = Identifier(high: id.high, low: id.low + 1)
        self.life = life
        self.downUntil = downUntil
    }
}

/// One execution of a worker's batch.
private struct WorkItem {
    var execution: ExecutionID
    var hint: Receipt?
    var answers: [PendingAnswer]
}

extension FlowSimulation {
    /// Has a worker receive when there are hints, and those that have answers apply them.
    func armWorkers() {
        for index in workers.indices where !workers[index].answers.isEmpty {
            arm(index, at: max(clock.now + .milliseconds(5), workers[index].backAt))
        }
        let due = hints.hasReady ? clock.now + .milliseconds(5) : hints.nextDue.map { max($0, clock.now) }
        guard let due else { return }
        func time(_ index: Int) -> Timestamp { max(due, workers[index].backAt) }
        // One of those that can receive first.
        let first = workers.indices.map(time).min()!
        if workers.contains(where: { $0.dueAt.map { $0 <= first } ?? false }) { return }
        let free = workers.indices.filter { time($0) == first }
        arm(free[Int(trace.events) % free.count], at: first)
    }

    private func arm(_ index: Int, at time: Timestamp) {
        guard time < workers[index].dueAt ?? .distantFuture else { return }
        workers[index].dueAt = time
        at(time, .worker(index))
    }

    func excuseCalls(of worker: Int) {
        for id in workers[worker].flights.keys { gateway.excuse(id) }
        for id in workers[worker].batch { gateway.excuse(id) }
    }

    /// `StepWorker.receiveLoop` and `transitionLoop`: one batch.
    func runWorker(_ index: Int) async throws {
        guard let due = workers[index].dueAt, due <= clock.now else { return }
        workers[index].dueAt = nil
        if workers[index].isStanding || workers[index].downUntil > clock.now || broken.contains(.workers)
            || broken.contains(.queue)
        {
            // It tries again once it can.
            workers[index].backAt = max(workers[index].downUntil, clock.now + .seconds(1))
            return
        }
        let before = actingWorker
        (actingWorker, workers[index].isStanding) = (index, true)
        defer {
            actingWorker = before
            workers[index].isStanding = false
        }
        do {
            try await work(index)
        } catch is Crash {
            workers[index].restart(downUntil: clock.now + random.duration(100...30_000))
        } catch is Unreachable {
            // What it holds is tried again.
            workers[index].backAt = clock.now + .milliseconds(250)
        }
    }

    private func work(_ index: Int) async throws {
        let received = try await hints.receive(
            upTo: FlowWorkerProcess.batch, visibility: FlowWorkerProcess.visibility, wait: .zero)
        var items: [ExecutionID: WorkItem] = [:]
        for message in received {
            guard let id = ExecutionID("\(message.id)") else { throw Violation("a hint of no execution") }
            items[id] = WorkItem(execution: id, hint: message.receipt, answers: [])
        }
        for (id, answers) in workers[index].answers {
            items[id, default: WorkItem(execution: id, hint: nil, answers: [])].answers = answers
        }
        if items.isEmpty { return }
        workers[index].batch = Array(items.keys)
        defer { workers[index].batch = [] }
        do {
            try await step(10)
            try await transition(index, items.values.sorted { $0.execution < $1.execution })
        } catch let crash as Crash {
            excuseCalls(of: index)
            throw crash
        }
    }

    /// `StepWorker.transition`.
    private func transition(_ index: Int, _ items: [WorkItem]) async throws {
        var open = items
        var liveness: [Identifier: Bool] = [:]
        for _ in 0..<4 where !open.isEmpty {
            try await step(11, needs: .store)
            // As if others had locked some of them.
            let locked = Set(open.filter { _ in isHostile && random.chance(0.01) }.map(\.execution))
            let (decisions, result) = try await apply(index, open.filter { !locked.contains($0.execution) }, liveness)
            if isLost() {
                statistics.lostAnswers += 1
                for item in open { gateway.excuse(item.execution) }
                throw Unreachable()
            }
            try await step(12)
            try await conclude(index, open, decisions, result, locked)
            var bindings: Set<Int> = []
            var holders: Set<Identifier> = []
            var definitions: Set<DefinitionID> = []
            var readsBindings = false
            open = open.filter { item in
                guard case .needs(let lacking) = decisions[item.execution] else { return false }
                bindings.formUnion(lacking.bindings)
                holders.formUnion(lacking.workers)
                if let definition = lacking.definition { definitions.insert(definition) }
                readsBindings = readsBindings || lacking.bindingsOf != nil
                return true
            }
            if open.isEmpty { return }
            try await step(13, needs: .store)
            workers[index].catalog.add(try await executions.definitions(definitions.sorted()))
            if readsBindings {
                workers[index].catalog.add(
                    try await executions.bindings(of: FlowWorkload.tenant), of: FlowWorkload.tenant, now: instant)
            }
            if !bindings.isEmpty {
                workers[index].catalog.add(try await executions.bindings(bindings.sorted()))
                workers[index].catalog.addMissing(bindings)
            }
            if !holders.isEmpty {
                let alive = try await renew(index)
                for worker in holders { liveness[worker] = alive.contains(worker) }
            }
        }
    }

    private func apply(
        _ index: Int, _ items: [WorkItem], _ liveness: [Identifier: Bool]
    ) async throws -> ([ExecutionID: ExecutionTransition.Decision], TransitionResult) {
        let answers = Dictionary(uniqueKeysWithValues: items.map { ($0.execution, $0.answers) })
        let (catalog, flights, worker, instant) = (
            workers[index].catalog, workers[index].flights, workers[index].id, instant
        )
        let made = Mutex<[ExecutionID: ExecutionTransition.Decision]>([:])
        let result = try await executions.transition(items.map(\.execution)) { locked, now in
            let transition = ExecutionTransition(
                catalog: catalog, worker: worker, liveness: liveness, room: 1_000, now: now, instant: instant)
            var writes: [ExecutionWrite] = []
            for execution in locked {
                let id = execution.row.id
                let decision = transition.decide(
                    execution, answers: answers[id] ?? [], flights: flights[id] ?? [])
                if case .write(let write, _) = decision { writes.append(write) }
                made.withLock { $0[id] = decision }
            }
            return writes
        }
        report.transitions += result.written.count
        armHistorian()
        return (made.withLock { $0 }, result)
    }

    /// `StepWorker.conclude`.
    private func conclude(
        _ index: Int, _ items: [WorkItem], _ decisions: [ExecutionID: ExecutionTransition.Decision],
        _ result: TransitionResult, _ locked: Set<ExecutionID>
    ) async throws {
        var settlements: [Settlement] = []
        var delayed: [OutgoingMessage] = []
        for item in items {
            let id = item.execution
            func settle(_ verdict: Settlement.Verdict) {
                if let hint = item.hint { settlements.append(Settlement(hint, verdict)) }
            }
            switch decisions[id] {
            case .write(let write, let effects):
                settle(.acknowledge)
                finish(index, item)
                trace.note(.committed, clock.now, id.value.low, UInt64(write.status.rawValue))
                if let time = effects.hintAt {
                    delayed.append(
                        StepHint.message(id, tenant: FlowWorkload.tenant, delay: max(.zero, time - clock.now)))
                }
                if let started = effects.started, let handler = workload.handler {
                    ledger.open[started] = FlowLedger.Entry(flow: handler, handlesFailure: true)
                    delayed.append(StepHint.message(started, tenant: FlowWorkload.tenant))
                }
                for job in effects.invocations { try call(index, job) }
                for job in effects.cancels { cancel(index, job) }
            case .nothing:
                settle(.acknowledge)
                finish(index, item)
            case .needs: break
            case .laterVersion: throw Violation("a state counts as a later version's", execution: id)
            case .unreadable(let reason): throw Violation("a state cannot be read: \(reason)", execution: id)
            case nil where locked.contains(id):
                settle(.release(after: .milliseconds(50)))
                try await keepAnswers(index, item)
            case nil:
                guard result.missing.contains(id) else { throw Violation("nothing was decided", execution: id) }
                settle(.acknowledge)
                finish(index, item)
            }
        }
        try await step(14, needs: .queue)
        _ = try await hints.settle(settlements)
        try await step(15, needs: .queue)
        if !delayed.isEmpty { _ = try await hints.send(delayed) }
    }

    /// The calls of these answers are over.
    private func finish(_ index: Int, _ item: WorkItem) {
        workers[index].answers[item.execution]?.removeAll { answer in
            item.answers.contains { $0.call == answer.call && $0.isOfCancel == answer.isOfCancel }
        }
        if workers[index].answers[item.execution]?.isEmpty == true { workers[index].answers[item.execution] = nil }
        for answer in item.answers where !answer.isOfCancel {
            workers[index].flights[item.execution]?.remove(answer.call)
        }
        if workers[index].flights[item.execution]?.isEmpty == true { workers[index].flights[item.execution] = nil }
    }

    /// `StepWorker.keepAnswers`: they are tried again, or stored.
    private func keepAnswers(_ index: Int, _ item: WorkItem) async throws {
        if item.answers.isEmpty || random.chance(0.5) { return }
        try await step(16, needs: .store)
        let rows = item.answers.compactMap { answer in
            answer.payload.map { (execution: item.execution, tenant: FlowWorkload.tenant, payload: $0) }
        }
        if !rows.isEmpty { try await executions.store(answers: rows, now: clock.database) }
        finish(index, item)
        try await hint(item.execution)
    }

    // MARK: Calls

    /// A claimed call reaches its remote system.
    private func call(_ index: Int, _ job: CallJob) throws {
        let attempt = FlowGateway.Attempt(execution: job.execution, call: job.call)
        workers[index].flights[job.execution, default: []].insert(job.call)
        keepRenewing(index)
        guard let binding = job.binding else { throw Violation("a call without a binding", execution: job.execution) }
        trace.note(.called, clock.now, job.execution.value.low, UInt64(job.call.attempt))
        let plan = FlowGateway.plan(attempt, job.contract, completion: binding.completion)
        let repetition = gateway.call(attempt)
        if let repetition, !repetition.isEmpty { throw Violation(repetition, execution: job.execution) }
        let answer = PendingAnswer(
            execution: job.execution, tenant: job.tenant, call: job.call, content: .answer(plan.answer), since: instant)
        after(plan.answerAfter, .answer(worker: index, life: workers[index].life, answer))
        // It works on an attempt once, however often it is called.
        if repetition == nil { for (time, report) in plan.reports { after(time, .report(attempt, report)) } }
    }

    private func cancel(_ index: Int, _ job: CallJob) {
        let attempt = FlowGateway.Attempt(execution: job.execution, call: job.call)
        gateway.end(attempt)
        let answer = PendingAnswer(
            execution: job.execution, tenant: job.tenant, call: job.call,
            content: .cancel(isConfirmed: job.call.attempt % 7 != 0), since: instant)
        after(.milliseconds(200), .answer(worker: index, life: workers[index].life, answer))
    }

    /// `StepWorker.deliver`.
    func take(_ answer: PendingAnswer, _ index: Int, _ life: Int) {
        guard workers[index].life == life else { return }
        workers[index].answers[answer.execution, default: []].append(answer)
    }

    // MARK: Liveness

    private func keepRenewing(_ index: Int) {
        if workers[index].isRenewing { return }
        workers[index].isRenewing = true
        at(clock.now, .renew(index, life: workers[index].life))
    }

    /// `StepWorker.renewLoop`, while it makes calls.
    func renewWorker(_ index: Int, life: Int) async throws {
        guard workers[index].life == life else { return }
        if workers[index].flights.isEmpty {
            workers[index].isRenewing = false
            return
        }
        after(FlowWorkerProcess.lifetime / 3, .renew(index, life: life))
        // A worker that stands still says nothing.
        if broken.contains(.store) || workers[index].isStanding { return }
        _ = try await renew(index)
    }

    private func renew(_ index: Int) async throws -> Set<Identifier> {
        try await executions.renew(
            worker: workers[index].id, host: "host", lifetime: FlowWorkerProcess.lifetime)
    }
}

extension PendingAnswer {
    fileprivate var isOfCancel: Bool { if case .cancel = content { true } else { false } }
}
