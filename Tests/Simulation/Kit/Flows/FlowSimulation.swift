import Flows
import Memory
import Model
import Queue
import StepWorkerFunction
import Store
import TestRandom

/// The flow engine in one thread and in virtual time: starts, step-workers, loaders, monitor, historian and the remote
/// systems take their steps one after the other, faults strike in between, and invariants are checked all along. Equal
/// seeds give equal runs.
///
/// What decides is real: reducer, transitions, catalog, bindings, the looks of loaders and historian, the monitor's upkeep,
/// queue and stores. The step-worker's loops read real clocks; here they are restated.
package final class FlowSimulation {
    /// What happens at one time.
    enum Event {
        case start
        case control(ExecutionID, Arrival.Kind)
        /// A worker receives, and applies what it has.
        case worker(Int)
        /// A worker says that it lives.
        case renew(Int, life: Int)
        case answer(worker: Int, life: Int, PendingAnswer)
        /// A remote system reports.
        case report(FlowGateway.Attempt, CallbackReport)
        case loader(Int)
        case monitor
        case historian
        case fault(SimulationFault)
        case mend(SimulationFault)
        case audit
    }

    private struct Timed: Comparable {
        var time: Timestamp
        var order: Int
        var event: Event

        static func < (left: Timed, right: Timed) -> Bool { (left.time, left.order) < (right.time, right.order) }
        static func == (left: Timed, right: Timed) -> Bool { left.order == right.order }
    }

    let configuration: FlowSimulationConfiguration
    let start: Timestamp
    let clock: VirtualClock
    let database: InMemoryFlowDatabase
    /// Of the API, which starts and controls.
    let registry: InMemoryFlowStore
    let executions: any ExecutionStore
    let history: InMemoryHistory
    let hints: InMemoryQueue
    let workload: FlowWorkload

    var random: SeededGenerator
    var trace = Trace()
    var statistics = SimulationStatistics()
    var report: FlowSimulationReport
    private var agenda = Heap<Timed>()
    private var order = 0
    private var turns = 0

    var gateway = FlowGateway()
    var ledger = FlowLedger()
    var workers: [FlowWorkerProcess] = []
    var loaders: [FlowLoaderProcess] = []
    var historian = FlowHistorianProcess()
    var upkeep: FlowUpkeepProcess
    var broken: Set<SimulationFault> = []
    var isHostile = true
    /// How many process steps are paused now, each within the one before.
    var pauses = 0
    var actingWorker: Int?
    var started = 0

    /// A simulation that has not begun.
    package init(_ configuration: FlowSimulationConfiguration) throws {
        self.configuration = configuration
        random = SeededGenerator(seed: configuration.seed)
        start = Timestamp("2026-10-19T00:00:00Z")! + random.duration(0...86_399, unit: 1_000_000)
        let clock = VirtualClock(start)
        self.clock = clock
        let database = InMemoryFlowDatabase(clock: { clock.database })
        self.database = database
        registry = InMemoryFlowStore(database)
        executions = configuration.executions(InMemoryFlowStore(database))
        history = InMemoryHistory(clock: { clock.database })
        hints = InMemoryQueue(
            name: .steps, configuration: QueueConfiguration(shards: 1, kind: .coalescing), clock: { clock.now })
        workload = try FlowWorkload(at: start, using: &random)
        registry.add(workload.flows.map(\.row))
        registry.add(workload.bindings)
        upkeep = FlowUpkeepProcess(registry, hints)
        report = FlowSimulationReport(seed: configuration.seed, hash: 0, flows: configuration.flows)
    }

    /// Runs to the end; throws the first `Violation`.
    package func run() async throws -> FlowSimulationReport {
        do {
            workers = (0..<3).map { FlowWorkerProcess(number: $0) }
            loaders = (0..<2).map { _ in FlowLoaderProcess(InMemoryFlowStore(database), hints) }
            historian = FlowHistorianProcess()
            try await live()
            try await drain()
            report.statistics = statistics
            report.calls = gateway.calls
            report.repeatedCalls = gateway.repeated
            report.hash = trace.hash
            return report
        } catch var violation as Violation {
            violation.seed = configuration.seed
            violation.time = clock.now
            violation.command = configuration.command
            throw violation
        }
    }

    // MARK: Events

    /// Schedules an event; for the past, at once.
    func at(_ time: Timestamp, _ event: Event) {
        order += 1
        agenda.insert(Timed(time: max(time, clock.now), order: order, event: event))
    }

    func after(_ delay: Duration, _ event: Event) { at(clock.now + delay, event) }

    /// The virtual time as code sees it that measures how much passes.
    var instant: ContinuousClock.Instant { FlowSimulation.origin + (clock.now - start) }
    private static let origin = ContinuousClock.now

    private func runOne() async throws {
        guard let next = agenda.popFirst() else { return }
        turns &+= 1
        if turns % 256 == 0 { await Task.yield() }
        report.events += 1
        clock.advance(to: next.time)
        switch next.event {
        case .start: try await startOne()
        case .control(let id, let kind): try await control(id, kind)
        case .worker(let index): try await runWorker(index)
        case .renew(let index, let life): try await renewWorker(index, life: life)
        case .answer(let worker, let life, let answer): take(answer, worker, life)
        case .report(let attempt, let report): try await deliver(report, of: attempt)
        case .loader(let index): try await runLoader(index)
        case .monitor: try await runMonitor()
        case .historian: try await runHistorian()
        case .fault(let fault): try await begin(fault)
        case .mend(let fault):
            broken.remove(fault)
            excuseCalls(of: fault)
        case .audit: try await audit()
        }
        armWorkers()
        armLoaders()
    }

    // MARK: Steps

    /// A point between two steps of a process, where it may die, or be paused while others go on.
    func step(_ note: Int, needs parts: SimulationFault...) async throws {
        trace.note(.step, clock.now, UInt64(note))
        if parts.contains(where: broken.contains) { throw Unreachable() }
        guard isHostile else { return }
        if random.chance(configuration.faults.crash) {
            statistics.crashes += 1
            trace.note(.crash, clock.now, UInt64(note))
            throw Crash()
        }
        if pauses < 3, random.chance(configuration.faults.pause) { try await pause() }
        if parts.contains(where: broken.contains) { throw Unreachable() }
    }

    private func pause() async throws {
        statistics.pauses += 1
        pauses += 1
        defer { pauses -= 1 }
        // Some outlast a lease, and the time for which a worker counts as alive.
        let length = random.chance(0.1) ? random.duration(1_000...120_000) : random.duration(1...500)
        let end = clock.now + length
        trace.note(.pause, end)
        if let actingWorker { excuseCalls(of: actingWorker) }
        while let next = agenda.first?.time, next <= end { try await runOne() }
        clock.advance(to: end)
    }

    /// Whether the answer to a call is lost now.
    func isLost() -> Bool { isHostile && random.chance(configuration.faults.lostAnswer) }

    // MARK: Course

    private func live() async throws {
        let end = start + .seconds(86_400 * configuration.days)
        arrangeFaults(until: end)
        at(clock.now, .monitor)
        at(clock.now, .historian)
        after(.seconds(3_600), .audit)
        at(clock.now, .start)
        while let next = agenda.first?.time, next < end { try await runOne() }
        clock.advance(to: end)
    }

    /// Without faults everything comes to its end, and leaves the engine.
    private func drain() async throws {
        isHostile = false
        broken = []
        historian.session = nil
        clock.setOffset(.zero)
        // A pause may have come after the resumption that was to follow it.
        for id in ledger.open.keys.sorted() { at(clock.now, .control(id, .resume)) }
        let limit = clock.now + .seconds(60 * 86_400)
        while !ledger.open.isEmpty || started < configuration.flows {
            guard let next = agenda.first?.time, next < limit else {
                throw Violation("\(ledger.open.count) executions never leave", execution: ledger.open.keys.min())
            }
            try await runOne()
        }
        if let left = history.open.first {
            throw Violation("the history says that it has not ended", execution: left.execution)
        }
    }

    // MARK: Faults

    private func arrangeFaults(until end: Timestamp) {
        let rates = configuration.faults
        for fault in SimulationFault.allCases {
            let perDay =
                switch fault {
                case .queueLoss: rates.lossesPerDay
                case .clockStep: rates.clockStepsPerDay
                default: rates.outagesPerDay
                }
            let wanted = perDay * Double(configuration.days)
            let count = Int(wanted) + (random.chance(wanted.truncatingRemainder(dividingBy: 1)) ? 1 : 0)
            for _ in 0..<count {
                at(start + random.duration(60_000...Int64(configuration.days) * 86_400_000), .fault(fault))
            }
        }
    }

    private func begin(_ fault: SimulationFault) async throws {
        guard isHostile else { return }
        trace.note(.fault, clock.now, UInt64(fault.rawValue))
        switch fault {
        case .queueLoss:
            statistics.losses += 1
            _ = try await hints.purge()
        case .clockStep:
            statistics.clockSteps += 1
            clock.setOffset(random.duration(-900...900))
        default:
            statistics.outages += 1
            broken.insert(fault)
            excuseCalls(of: fault)
            let length =
                random.chance(0.2)
                ? random.duration(600...7_200, unit: 1_000_000) : random.duration(5...600, unit: 1_000_000)
            after(length, .mend(fault))
        }
    }
}

extension FlowSimulation {
    /// While workers do nothing, or cannot say that they live, others take over the calls that they make.
    private func excuseCalls(of fault: SimulationFault) {
        guard fault == .store || fault == .workers || fault == .queue else { return }
        for index in workers.indices { excuseCalls(of: index) }
    }
}

/// What can go wrong with a part of the engine.
enum SimulationFault: Int, CaseIterable {
    case store, queue, workers, loaders, monitor, historian, gateway, queueLoss, clockStep
}
