import Calls
import Memory
import Model
import Queue
import Store
import TestRandom

/// A worker between two events: its calls in flight, in groups that complete together.
struct WorkerProcess {
    struct Flight {
        var message: TriggerMessage
        var retry: RetryPolicy
        var receipt: Receipt
        var attempt: Int
        var startedAt: Timestamp
        var answer: DeliveryRules.Answer
    }

    var flights: [Int: [Flight]] = [:]
    var isStanding = false
    var downUntil = Timestamp.distantPast

    static let visibility = Duration.seconds(30)
}

extension Simulation {
    /// `TriggerWorker.receiveLoop`: one of the workers that are up receives.
    func runWorkers(at time: Timestamp) async throws {
        guard workersDue == time else { return }
        workersDue = nil
        let free = workers.indices.filter { !workers[$0].isStanding && workers[$0].downUntil <= clock.now }
        guard !free.isEmpty, !isBroken(.workerOutage), !isBroken(.queueOutage) else {
            workersBack = clock.now + .seconds(1)
            return
        }
        let worker = random.pick(free)
        try await asWorker(worker) { try await self.receive(worker) }
    }

    func isBroken(_ fault: Event.Fault) -> Bool { broken.contains(fault.rawValue) }

    /// Runs steps of a worker. If it dies its calls are lost with it, and others make them again when the leases lapse.
    private func asWorker(_ worker: Int, _ body: () async throws -> Void) async throws {
        let before = actingWorker
        (actingWorker, workers[worker].isStanding) = (worker, true)
        defer { (actingWorker, workers[worker].isStanding) = (before, false) }
        do {
            try await body()
        } catch is Crash {
            excuseCalls(of: worker)
            for flight in workers[worker].flights.values.joined() { say(flight.message.id, "its worker dies") }
            workers[worker] = WorkerProcess()
            workers[worker].downUntil = clock.now + random.duration(100...30_000)
        } catch is Unreachable {
            // The leases that it could not settle lapse.
        }
    }

    func excuseCalls(of worker: Int) {
        for group in workers[worker].flights.values { target.excuse(group.lazy.map(\.message.id)) }
    }

    /// `TriggerWorker.receiveLoop` and `start`: leases, and makes the calls or settles what came too late.
    private func receive(_ worker: Int) async throws {
        let received = try await queue.receive(upTo: 100, visibility: WorkerProcess.visibility, wait: .zero)
        if received.isEmpty { return }
        trace.note(.received, clock.now, UInt64(received.count))
        let (leasedAt, troubles) = (clock.now, target.troubles)
        try await step(20)
        let now = clock.now
        var settlements: [Settlement] = []
        var quick: [WorkerProcess.Flight] = []
        for message in received {
            let trigger = try TriggerMessage(decoding: message.body)
            let record = try ActionRecord(decoding: trigger.action)
            if now > trigger.deadline {
                let outcome = TriggerOutcome(
                    id: trigger.id, redrive: trigger.redrive, attempt: 0, state: .expired,
                    reason: "the deadline had passed before attempt \(message.attempts + 1)")
                settlements.append(Settlement(message.receipt, .acknowledge, outcome: outcome.line))
                continue
            }
            // A worker that stalled until the lease may end before it is first extended, or while all leases were lost,
            // may call without a lease.
            if now - leasedAt >= WorkerProcess.visibility * 2 / 3 || troubles < target.troubles {
                target.excuse([trigger.id])
            }
            let (answer, length) = target.answer(trigger, clock.now, using: &random)
            let flight = WorkerProcess.Flight(
                message: trigger, retry: record.retry, receipt: message.receipt, attempt: message.attempts + 1,
                startedAt: now, answer: answer)
            try call(flight)
            if let length { begin([flight], of: worker, for: length) } else { quick.append(flight) }
        }
        if !quick.isEmpty { begin(quick, of: worker, for: random.duration(5...200)) }
        if !settlements.isEmpty { _ = try await settle(settlements) }
    }

    /// A call reaches its target: its trigger must have been committed, and the call must be in time and the first of
    /// its attempt.
    private func call(_ flight: WorkerProcess.Flight) throws {
        let message = flight.message
        trace.note(.called, clock.now, message.id.value.low, UInt64(flight.attempt))
        say(message.id, "called, attempt \(flight.attempt) of redrive \(message.redrive), by \(flight.receipt.handle)")
        guard let row = store.stored(message.id) else {
            throw Violation("a call for a trigger without a record", schedule: message.schedule, trigger: message.id)
        }
        if clock.now > message.deadline {
            throw Violation("a call after its deadline", schedule: message.schedule, trigger: message.id)
        }
        let isDone = row.state.isFinal && row.redrive == message.redrive
        if let fault = target.call(message, attempt: flight.attempt, isDone: isDone) {
            throw Violation(fault, schedule: message.schedule, trigger: message.id)
        }
    }

    private func begin(_ flights: [WorkerProcess.Flight], of worker: Int, for length: Duration) {
        target.groups += 1
        workers[worker].flights[target.groups] = flights
        after(length, .callsEnded(worker: worker, group: target.groups))
        if length > WorkerProcess.visibility / 3 {
            after(WorkerProcess.visibility / 3, .extend(worker: worker, group: target.groups))
        }
    }

    /// `TriggerWorker.settleLoop`.
    func endCalls(of worker: Int, _ group: Int) async throws {
        guard let flights = workers[worker].flights[group] else { return }
        if workers[worker].isStanding {
            after(.milliseconds(100), .callsEnded(worker: worker, group: group))
            return
        }
        let now = clock.now
        let settlements = flights.map { settlement(of: $0, now) }
        if isBroken(.queueOutage) {
            // `TriggerWorker.settle` repeats until the leases have lapsed.
            if now - flights[0].startedAt > WorkerProcess.visibility * 3 {
                target.excuse(flights.map(\.message.id))
                workers[worker].flights[group] = nil
            } else {
                target.excuse(flights.map(\.message.id))
                after(.milliseconds(250), .callsEnded(worker: worker, group: group))
            }
            return
        }
        // Try again if the queue cannot be reached.
        after(.milliseconds(250), .callsEnded(worker: worker, group: group))
        try await asWorker(worker) {
            // Until this is settled, a crash or a long pause explains a repeated call.
            try await self.step(21, needs: .queueOutage)
            let results = try await self.settle(settlements)
            for flight in flights { self.say(flight.message.id, "settled \(flight.receipt.handle): \(results)") }
            for (flight, result) in zip(flights, results) where result == .stale {
                if !self.target.isExcused(flight.message.id) {
                    throw Violation("a lease ended that no fault had touched", trigger: flight.message.id)
                }
            }
            self.workers[worker].flights[group] = nil
            try await self.step(22)
        }
    }

    /// `Delivery.conclusion`: how an answer settles the lease.
    private func settlement(of flight: WorkerProcess.Flight, _ now: Timestamp) -> Settlement {
        let verdict = DeliveryRules.verdict(
            on: flight.answer, attempt: flight.attempt, policy: flight.retry, deadline: flight.message.deadline,
            now: now, using: &random)
        var outcome = TriggerOutcome(
            id: flight.message.id, redrive: flight.message.redrive, attempt: flight.attempt, state: .queued,
            startedAt: flight.startedAt, durationMilliseconds: Int((now - flight.startedAt).milliseconds))
        if flight.attempt == 1 {
            outcome.latenessMilliseconds = Int((flight.startedAt - flight.message.plannedAt).milliseconds)
        }
        if case .status(let status, _, _) = flight.answer { outcome.status = status }
        switch verdict {
        case .final(let state, let reason):
            (outcome.state, outcome.reason) = (state, reason)
            return Settlement(flight.receipt, .acknowledge, outcome: outcome.line)
        case .retry(let delay, let reason):
            outcome.reason = reason
            return Settlement(flight.receipt, .retry(after: delay), outcome: outcome.line)
        case .dead(let reason):
            (outcome.state, outcome.reason) = (.dead, reason)
            return Settlement(flight.receipt, .bury(reason: reason), outcome: outcome.line)
        }
    }

    private func settle(_ settlements: [Settlement]) async throws -> [SettleResult] {
        let results = try await queue.settle(settlements)
        statistics.staleSettlements += results.count { $0 == .stale }
        trace.note(.settled, clock.now, UInt64(results.count), UInt64(results.count { $0 == .stale }))
        if isLost() {
            statistics.lostAnswers += 1
            if try await queue.settle(settlements).contains(.settled) {
                throw Violation("a lease that had ended was settled again")
            }
        }
        return results
    }

    /// `TriggerWorker.extendLoop`; a call whose lease was lost is aborted.
    func extendLeases(of worker: Int, _ group: Int) async throws {
        guard let flights = workers[worker].flights[group] else { return }
        if isBroken(.queueOutage) || workers[worker].isStanding {
            target.excuse(flights.map(\.message.id))
        } else {
            let held = try await queue.extend(flights.map(\.receipt), visibility: WorkerProcess.visibility)
            let kept = zip(flights, held).filter(\.1).map(\.0)
            target.excuse(zip(flights, held).filter { !$0.1 }.map(\.0.message.id))
            workers[worker].flights[group] = kept.isEmpty ? nil : kept
            if kept.isEmpty { return }
        }
        after(WorkerProcess.visibility / 3, .extend(worker: worker, group: group))
    }
}
