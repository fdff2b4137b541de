import Memory
import Model
import Queue
package import Scheduling
import Store
import Synchronization
import TestRandom

/// Headgate in one thread and in virtual time: loaders, workers, historian and monitor take their steps one after the
/// other, faults strike in between, and invariants are checked all along. Equal seeds give equal runs.
///
/// Planner, delivery rules, message encodings, queue and stores are the real ones. The loops around them read real
/// clocks in their functions; here they are restated, each with a comment that names the original.
package final class Simulation {
    let configuration: SimulationConfiguration
    let start: Timestamp
    let clock: VirtualClock
    let zones: ZoneCatalog
    let ledger: Ledger
    let store: InMemoryStore
    /// The queues behind the seams `queue` and `outcomes`, which a test may replace.
    let triggers: InMemoryQueue
    let results: InMemoryQueue
    let queue: any MessageQueue
    let outcomes: any MessageQueue
    let outcomeStore: any OutcomeStore

    var random: SeededGenerator
    var trace = Trace()
    var statistics = SimulationStatistics()
    private var events = Heap<Event>()
    private var order = 0

    var loaders: [LoaderProcess] = []
    var workers: [WorkerProcess] = []
    var target = Target()
    var monitor = MonitorProcess()
    var workersDue: Timestamp?
    var historianDue: Timestamp?
    /// No worker receives before this time.
    var workersBack = Timestamp.epoch
    /// No historian receives before this time.
    var historianBack = Timestamp.epoch
    var broken: Set<Int> = []
    private var turns = 0
    /// How many audits there were, one per virtual hour.
    var audits = 0
    /// An audit checks the calendars of one schedule in so many: for all of a million it would take longer than the
    /// month.
    static let parts = 720
    /// Whether faults strike; false while the rest is drained.
    var isHostile = true
    /// Whether loaders plan; false at the end.
    var isPlanning = true
    /// How many process steps are paused now, each within the one before.
    var pauses = 0
    /// The worker whose step is running, if it is a worker's.
    var actingWorker: Int?
    var schedules: [ScheduleHandle] = []
    var writes: [WriteShape] = []
    static let shards = 4

    /// A simulation that has not begun.
    package init(_ configuration: SimulationConfiguration, zones: ZoneCatalog) {
        self.configuration = configuration
        self.zones = zones
        random = SeededGenerator(seed: configuration.seed)
        // A Monday, at some time of day, six days before the clocks change in Berlin.
        start = Timestamp("2026-10-19T00:00:00Z")! + random.duration(0...86_399, unit: 1_000_000)
        let clock = VirtualClock(start)
        let ledger = Ledger(zones: zones)
        self.clock = clock
        self.ledger = ledger
        store = InMemoryStore(
            InMemoryDatabase(shards: Simulation.shards, clock: { clock.database }, observer: { ledger.observe($0) }))
        let queues = QueueConfiguration(shards: 1, visibility: .seconds(30), maximumReceives: 30)
        results = InMemoryQueue(
            name: .outcomes, configuration: QueueConfiguration(shards: 1, maximumReceives: 1_000), clock: { clock.now })
        triggers = InMemoryQueue(name: .triggers, configuration: queues, outcomes: results, clock: { clock.now })
        queue = configuration.queue(triggers)
        outcomes = results
        outcomeStore = configuration.outcomeStore(store)
    }

    /// Runs to the end; throws the first `Violation`.
    package func run() async throws -> SimulationReport {
        do {
            try await register()
            try await live()
            try await drain()
            try checkAll()
            return report()
        } catch var violation as Violation {
            violation.seed = configuration.seed
            violation.time = clock.now
            violation.command = configuration.command
            throw violation
        }
    }

    // MARK: Events

    /// Schedules an event; for the past, at once.
    func at(_ time: Timestamp, _ kind: Event.Kind) {
        order += 1
        events.insert(Event(time: max(time, clock.now), order: order, kind: kind))
    }

    func after(_ delay: Duration, _ kind: Event.Kind) { at(clock.now + delay, kind) }

    var nextEvent: Timestamp? { events.first?.time }

    /// Takes the next event and carries it out.
    func runOne() async throws {
        guard let event = events.popFirst() else { return }
        // Let others on this thread run.
        turns &+= 1
        if turns % 256 == 0 { await Task.yield() }
        clock.advance(to: event.time)
        switch event.kind {
        case .loader(let index): try await runLoader(index, at: event.time)
        case .workers: try await runWorkers(at: event.time)
        case .callsEnded(let worker, let group): try await endCalls(of: worker, group)
        case .extend(let worker, let group): try await extendLeases(of: worker, group)
        case .historian: try await runHistorian(at: event.time)
        case .monitor: try await runMonitor()
        case .change: try await changeSomething()
        case .fault(let fault): try await begin(fault)
        case .mend(let fault): mend(fault)
        case .audit: try await audit()
        }
        armQueues()
        try look()
    }

    /// After every event: throws what the ledger found wrong, and adds what changed to the trace.
    private func look() throws {
        let (violation, digest) = ledger.state.withLock { state in
            defer { state.digest = 0 }
            return (state.violation, state.digest)
        }
        if digest != 0 { trace.note(.inserted, clock.now, digest) }
        if let violation { throw violation }
    }

    /// Schedules receivers for when there is something to receive; the real ones wait for it.
    private func armQueues() {
        if let due = due(triggers).map({ max($0, workersBack) }), due < workersDue ?? .distantFuture {
            workersDue = due
            at(due, .workers)
        }
        if let due = due(results).map({ max($0, historianBack) }), due < historianDue ?? .distantFuture {
            historianDue = due
            at(due, .historian)
        }
    }

    private func due(_ queue: InMemoryQueue) -> Timestamp? {
        queue.hasReady ? clock.now + .milliseconds(2) : queue.nextDue.map { max($0, clock.now) }
    }

    // MARK: Steps

    /// A point between two steps of a process, where it may die, or be paused while others go on.
    func step(_ note: Int = 0, needs parts: Event.Fault...) async throws {
        trace.note(.step, clock.now, UInt64(note))
        for part in parts where broken.contains(part.rawValue) { throw Unreachable() }
        guard isHostile else { return }
        if random.chance(configuration.faults.crash) {
            statistics.crashes += 1
            trace.note(.crash, clock.now, UInt64(note))
            throw Crash()
        }
        if pauses < 3, random.chance(configuration.faults.pause) { try await pause() }
        for part in parts where broken.contains(part.rawValue) { throw Unreachable() }
    }

    private func pause() async throws {
        statistics.pauses += 1
        pauses += 1
        defer { pauses -= 1 }
        // Mostly short; some outlast a lease and a ticket.
        let length = random.chance(0.1) ? random.duration(1_000...120_000) : random.duration(1...500)
        let end = clock.now + length
        trace.note(.pause, end)
        // Meanwhile the leases of calls that it has made may lapse.
        if let actingWorker { excuseCalls(of: actingWorker) }
        while let next = nextEvent, next <= end { try await runOne() }
        clock.advance(to: end)
    }

    /// Whether the answer to a call is lost now, so that it is repeated.
    func isLost() -> Bool { isHostile && random.chance(configuration.faults.lostAnswer) }

    // MARK: Course

    private func live() async throws {
        let end = start + .seconds(86_400 * configuration.days)
        arrangeFaults(until: end)
        for index in loaders.indices { wake(index, at: clock.now) }
        at(clock.now, .monitor)
        after(.seconds(3_600), .audit)
        while clock.now < end, let next = nextEvent, next < end {
            if isOverfull {
                throw Violation("more than four times the \(configuration.triggers) triggers that were asked for")
            }
            try await runOne()
        }
        clock.advance(to: end)
    }

    private var isOverfull: Bool { ledger.state.withLock { $0.inserted } > configuration.triggers * 4 }

    /// Without faults: everything due is planned, and everything planned comes to an end.
    private func drain() async throws {
        isHostile = false
        mendAll()
        let calm = clock.now + .seconds(900)
        while let next = nextEvent, next < calm { try await runOne() }
        clock.advance(to: calm)
        isPlanning = false
        for shard in 0..<Simulation.shards {
            if let due = store.nextDueSchedule(of: shard), due < clock.database {
                throw Violation("a schedule is due since \(due) and nobody plans it, in shard \(shard)")
            }
        }
        let limit = clock.now + .seconds(9 * 86_400)
        while ledger.state.withLock({ !$0.open.isEmpty }) {
            guard let next = nextEvent, next < limit else {
                let (id, open) = ledger.state.withLock { $0.open.min { $0.key < $1.key }! }
                throw Violation(
                    "left over: it is neither delivered nor given up", schedule: "\(open.schedule)", trigger: id)
            }
            try await runOne()
        }
        let rest = clock.now + .seconds(60)
        while let next = nextEvent, next < rest { try await runOne() }
    }

    private func report() -> SimulationReport {
        let settled = ledger.state.withLock { $0.settled }
        return SimulationReport(
            seed: configuration.seed, hash: trace.hash, events: trace.events, virtual: clock.now - start,
            schedules: schedules.count, states: settled, calls: target.calls, duplicates: target.duplicates,
            statistics: statistics)
    }
}
