import FlowHistorianFunction
import LoaderFunction
import Memory
import Model
import MonitorFunction
import Queue
import Store
import Synchronization
import TestRandom

/// A loader's look-out for wakes between two events.
struct FlowLoaderProcess {
    let store: InMemoryFlowStore
    let hints: InMemoryQueue
    var scan: WakeScan
    /// When it next looks; nil: nothing is arranged.
    var dueAt: Timestamp?
    /// It does not look before this.
    var backAt = Timestamp.distantPast
    var isStanding = false

    init(_ store: InMemoryFlowStore, _ hints: InMemoryQueue) {
        self.store = store
        self.hints = hints
        scan = WakeScan(WakeSender.Configuration(), store: store, hints: hints)
    }

    /// A new session, which holds nothing.
    mutating func restart() async {
        await store.close()
        scan = WakeScan(WakeSender.Configuration(), store: store, hints: hints)
    }
}

/// A flow-historian between two events.
struct FlowHistorianProcess {
    /// Nil: it begins one at the next look.
    var session: HistorianSession?
    var dueAt: Timestamp?
    var isStanding = false
}

/// The monitor's upkeep of flows.
struct FlowUpkeepProcess {
    let upkeep: FlowUpkeep

    init(_ store: InMemoryFlowStore, _ hints: InMemoryQueue) {
        upkeep = FlowUpkeep(
            executions: store, hints: hints, triggers: InMemoryQueue(name: .triggers, clock: { .epoch }))
    }

    static let every = Duration.seconds(30)
}

extension FlowSimulation {
    /// Has loaders look when there is something to see; real ones look all the time.
    func armLoaders() {
        guard let next = registry.nextWake else { return }
        let due = max(next - clock.offset - .seconds(2), clock.now)
        for index in loaders.indices {
            let own = max(due, loaders[index].backAt)
            guard own < loaders[index].dueAt ?? .distantFuture else { continue }
            loaders[index].dueAt = own
            at(own, .loader(index))
        }
    }

    /// `WakeSender.work`.
    func runLoader(_ index: Int) async throws {
        guard let due = loaders[index].dueAt, due <= clock.now else { return }
        loaders[index].dueAt = nil
        loaders[index].backAt = clock.now + .seconds(1)
        if loaders[index].isStanding || broken.contains(.loaders) { return }
        loaders[index].isStanding = true
        defer { loaders[index].isStanding = false }
        do {
            try await step(20, needs: .store, .queue)
            let sent = try await loaders[index].scan.look(at: instant) { false }
            trace.note(.sent, clock.now, UInt64(sent ?? 0))
        } catch is Crash {
            await loaders[index].restart()
        } catch is Unreachable {
            await loaders[index].restart()
        }
    }

    /// `Monitor.keepFlows`.
    func runMonitor() async throws {
        defer { after(FlowUpkeepProcess.every, .monitor) }
        if broken.contains(.monitor) { return }
        do {
            try await step(30, needs: .store, .queue)
            _ = try await hints.maintain()
            try await upkeep.upkeep.keep(now: clock.database) { false }
        } catch is Crash {} catch is Unreachable {}
    }

    func armHistorian() {
        guard historian.dueAt == nil else { return }
        historian.dueAt = clock.now + .milliseconds(200)
        at(historian.dueAt!, .historian)
    }

    /// `FlowHistorian.run`.
    func runHistorian() async throws {
        historian.dueAt = nil
        if historian.isStanding { return }
        historian.isStanding = true
        defer { historian.isStanding = false }
        if broken.contains(.historian) || broken.contains(.store) {
            historian.session = nil
            historian.dueAt = clock.now + .seconds(2)
            return at(historian.dueAt!, .historian)
        }
        do {
            if historian.session == nil {
                await registry.close()
                guard try await registry.take() else { throw Violation("two historians hold the outbox") }
                var settings = FlowHistorian.Configuration()
                settings.page = 50
                // Rows that the checks at the end of an execution need.
                settings.retention = 1_000
                historian.session = try await HistorianSession(
                    settings, outbox: registry,
                    store: configuration.history(
                        FaultyHistory(
                            history, seed: random.next(), crash: isHostile ? configuration.faults.crash : 0)))
            }
            try await step(40)
            let moved = try await historian.session!.look(at: instant)
            report.historyRows += moved.rows
        } catch is Crash {
            historian.session = nil
        }
        let bounds = try await registry.bounds()
        if historian.session == nil || bounds.current + bounds.other > 0 {
            historian.dueAt = clock.now + .seconds(1)
            at(historian.dueAt!, .historian)
        }
    }
}

/// A history whose historian may die before or after each write.
private final class FaultyHistory: HistoryStore {
    private let store: any HistoryStore
    private let random: Mutex<SeededGenerator>
    private let probability: Double

    init(_ store: any HistoryStore, seed: UInt64, crash probability: Double) {
        self.store = store
        self.probability = probability
        random = Mutex(SeededGenerator(seed: seed))
    }

    private func mayCrash() throws { if random.withLock({ $0.chance(probability) }) { throw Crash() } }

    func cursor(of source: String) async throws -> UInt64? { try await store.cursor(of: source) }

    func add(_ rows: [HistoryRow], summaries: [ExecutionSummary]) async throws {
        try mayCrash()
        try await store.add(rows, summaries: summaries)
        try mayCrash()
    }

    func advance(_ source: String, to xid: UInt64, now: Timestamp) async throws {
        try mayCrash()
        try await store.advance(source, to: xid, now: now)
        try mayCrash()
    }

    func addDay(_ day: Timestamp) async throws { try await store.addDay(day) }
    func dropDays(before day: Timestamp) async throws { try await store.dropDays(before: day) }
    func now() async throws -> Timestamp { try await store.now() }
    func close() async { await store.close() }
}
