import Flows
import FunctionRuntime
import Logging
import Model
import Queue
import Store
import Synchronization
import Telemetry

/// One transaction a batch, and what follows it.
extension StepWorker {
    /// What was decided on the executions of a batch. If the transaction is repeated the later decisions count.
    private final class Decisions: Sendable {
        let byExecution = Mutex<[ExecutionID: ExecutionTransition.Decision]>([:])
    }

    /// Executions that are locked by others are tried again after this.
    private static let lockedPause = Duration.milliseconds(50)
    /// After this an answer that cannot be applied is stored.
    private static let answerPatience = Duration.seconds(1)
    /// How often definitions, bindings and workers are looked up for one batch.
    private static let lookUps = 4

    /// Applies a batch, reading first what it lacks; halves it if the transaction fails.
    func transition(_ items: [PendingWork.Item]) async {
        var open = items
        var liveness: [Identifier: Bool] = [:]
        for _ in 0..<StepWorker.lookUps where !open.isEmpty {
            let (decisions, result): ([ExecutionID: ExecutionTransition.Decision], TransitionResult)
            do {
                (decisions, result) = try await apply(open, liveness)
            } catch {
                return await failed(open, error)
            }
            var needs = ExecutionTransition.Needs()
            var tenants: Set<TenantID> = []
            var definitions: Set<DefinitionID> = []
            var again: [PendingWork.Item] = []
            for item in open {
                guard case .needs(let lacking) = decisions[item.execution] else { continue }
                again.append(item)
                needs.bindings.formUnion(lacking.bindings)
                needs.workers.formUnion(lacking.workers)
                if let definition = lacking.definition { definitions.insert(definition) }
                if let tenant = lacking.bindingsOf { tenants.insert(tenant) }
            }
            await conclude(open, decisions, result)
            open = again
            if open.isEmpty { return }
            do {
                try await look(up: needs, definitions, tenants, &liveness)
            } catch {
                runtime.logger.warning("cannot read definitions or bindings: \(error)")
                break
            }
        }
        putBack(open, after: .seconds(1))
    }

    private func apply(
        _ items: [PendingWork.Item], _ liveness: [Identifier: Bool]
    ) async throws -> ([ExecutionID: ExecutionTransition.Decision], TransitionResult) {
        let answers = Dictionary(items.map { ($0.execution, $0.answers) }, uniquingKeysWith: { $0 + $1 })
        let (catalog, flights, worker) = (catalog, flights, id)
        let room = isClaiming ? max(0, configuration.concurrency - flightCount) : 0
        let decisions = Decisions()
        try Failpoint.stepWorkerBeforeLock.pass()
        let result = try await store.transition(items.map(\.execution)) { locked, now in
            var transition = ExecutionTransition(
                catalog: catalog, worker: worker, liveness: liveness, room: room, now: now, instant: .now)
            var writes: [ExecutionWrite] = []
            var made: [ExecutionID: ExecutionTransition.Decision] = [:]
            for execution in locked {
                let id = execution.row.id
                let decision = transition.decide(
                    execution, answers: answers[id] ?? [], flights: flights[id] ?? [])
                made[id] = decision
                if case .write(let write, let effects) = decision {
                    writes.append(write)
                    transition.room -= effects.invocations.count
                }
            }
            decisions.byExecution.withLock { $0 = made }
            // Kills or waits here; an error cannot be thrown, and acts after the commit.
            try? Failpoint.stepWorkerBeforeCommit.pass()
            return writes
        }
        return (decisions.byExecution.withLock { $0 }, result)
    }

    private func look(
        up needs: ExecutionTransition.Needs, _ definitions: Set<DefinitionID>, _ tenants: Set<TenantID>,
        _ liveness: inout [Identifier: Bool]
    ) async throws {
        if !definitions.isEmpty { catalog.add(try await store.definitions(definitions.sorted())) }
        for tenant in tenants.sorted() { catalog.add(try await store.bindings(of: tenant), of: tenant, now: .now) }
        if !needs.bindings.isEmpty {
            catalog.add(try await store.bindings(needs.bindings.sorted()))
            catalog.addMissing(needs.bindings)
        }
        if !needs.workers.isEmpty {
            // Asked after their claims were seen: who is not there now is dead.
            let alive = try await renew()
            for worker in needs.workers { liveness[worker] = alive.contains(worker) }
        }
    }

    // MARK: After the commit

    private func conclude(
        _ items: [PendingWork.Item], _ decisions: [ExecutionID: ExecutionTransition.Decision],
        _ result: TransitionResult
    ) async {
        try? Failpoint.stepWorkerAfterCommit.pass()
        var settlements: [Settlement] = []
        var hints: [(id: ExecutionID, tenant: TenantID, delay: Duration)] = []
        let now = WallClock.now()
        for item in items {
            func settle(_ verdict: Settlement.Verdict) {
                if let hint = item.hint { settlements.append(Settlement(hint, verdict)) }
            }
            switch decisions[item.execution] {
            case .write(_, let effects):
                settle(.acknowledge)
                finish(item.answers)
                runtime.metrics.count(.flowTransitions)
                runtime.metrics.count(.flowEvents, effects.events)
                if effects.ignored > 0 { runtime.metrics.count(.flowEventsIgnored, effects.ignored) }
                if let outcome = effects.outcome {
                    runtime.metrics.count(.flowsEnded, labels: "outcome=\"\(outcome)\"")
                }
                if let time = effects.hintAt { hints.append((item.execution, item.tenant, max(.zero, time - now))) }
                if let started = effects.started { hints.append((started, item.tenant, .zero)) }
                for job in effects.invocations { begin(job, isCancel: false) }
                for job in effects.cancels { begin(job, isCancel: true) }
            case .nothing:
                settle(.acknowledge)
                finish(item.answers)
            case .needs: break
            case .laterVersion:
                runtime.metrics.count(.workerLaterVersions)
                settle(.release(after: .seconds(5)))
                putBack([withoutHint(item)], after: .seconds(5))
            case .unreadable(let reason):
                await quarantine(item, "its state or an arrival cannot be read: \(reason)")
                settle(.acknowledge)
            case nil where result.missing.contains(item.execution):
                settle(.acknowledge)
                finish(item.answers)
            case nil:
                // Another worker has it; its hint is not acknowledged (protocols.md, 17).
                settle(.release(after: StepWorker.lockedPause))
                await keepAnswers(item)
            }
        }
        try? Failpoint.stepWorkerBeforeAcknowledge.pass()
        await self.settle(settlements)
        await send(hints)
    }

    private func withoutHint(_ item: PendingWork.Item) -> PendingWork.Item {
        var item = item
        item.hint = nil
        return item
    }

    private func putBack(_ items: [PendingWork.Item], after pause: Duration) {
        let now = ContinuousClock.now
        for item in items where item.hint != nil || !item.answers.isEmpty {
            pending.putBack(item, notBefore: now + pause, now: now)
        }
    }

    /// The calls of these answers are over.
    func finish(_ answers: [PendingAnswer]) {
        for answer in answers {
            guard case .answer = answer.content else { continue }
            if flights[answer.execution]?.remove(answer.call) != nil { flightCount -= 1 }
            if flights[answer.execution]?.isEmpty == true { flights[answer.execution] = nil }
        }
    }

    /// Tries again to apply answers of an execution that is locked; stores them after a second.
    private func keepAnswers(_ item: PendingWork.Item) async {
        if item.answers.isEmpty { return }
        let now = ContinuousClock.now
        guard let first = item.answers.map(\.since).min(), now - first > StepWorker.answerPatience else {
            return putBack([withoutHint(item)], after: StepWorker.lockedPause)
        }
        do {
            let rows = item.answers.compactMap { answer in
                answer.payload.map { (execution: item.execution, tenant: item.tenant, payload: $0) }
            }
            if !rows.isEmpty { try await store.store(answers: rows, now: WallClock.now()) }
            finish(item.answers)
            await send([(item.execution, item.tenant, .zero)])
        } catch {
            runtime.logger.warning("cannot store the answers of an execution: \(error)")
            putBack([withoutHint(item)], after: .seconds(1))
        }
    }

    /// Sends hints; a lost one costs the wait for its wake.
    func send(_ hints: [(id: ExecutionID, tenant: TenantID, delay: Duration)]) async {
        if hints.isEmpty { return }
        do {
            _ = try await queue.send(
                hints.map { StepHint.message($0.id, tenant: $0.tenant, delay: $0.delay) })
        } catch {
            runtime.logger.warning("cannot send \(hints.count) hints: \(error)")
        }
    }

    // MARK: Failures

    /// A failed transaction is halved, so that an execution that cannot be written stands alone.
    private func failed(_ items: [PendingWork.Item], _ error: any Error) async {
        runtime.metrics.count(.stepWorkerErrors)
        let isRetryable = (error as? any StoreError)?.isRetryable ?? false
        if isRetryable {
            runtime.logger.warning("a transition of \(items.count) executions is repeated: \(error)")
            putBack(items, after: .milliseconds(250))
            return
        }
        guard items.count > 1 else {
            runtime.logger.error(
                "an execution cannot be written: \(error)", metadata: ["execution": "\(items[0].execution)"])
            await quarantine(items[0], "\(error)")
            if let hint = items[0].hint { await settle([Settlement(hint, .release(after: .seconds(1)))]) }
            return
        }
        await transition(Array(items[..<(items.count / 2)]))
        await transition(Array(items[(items.count / 2)...]))
    }

    private func quarantine(_ item: PendingWork.Item, _ reason: String) async {
        do {
            try await store.countFailure(of: item.execution, reason: reason, now: WallClock.now()) { row in
                HistoryRecord(
                    definition: row.definition, status: row.status.rawValue, createdAt: row.createdAt, endedAt: nil,
                    trigger: row.trigger, events: [HistoryEvent(.quarantined, nil, StepFailure.cut(reason))],
                    snapshot: nil
                ).encoded
            }
        } catch {
            runtime.logger.warning("cannot count the failure of an execution: \(error)")
        }
        // Its answers would fail as it does: the claims lapse instead.
        finish(item.answers)
    }
}
