import FunctionRuntime
import Model
import Scheduling
import Store

/// What a loader knows for as long as its connection lives.
struct LoaderSession: Sendable {
    var clock: ClockOffset
    private(set) var wanted: [Int]
    private(set) var held: Set<Int> = []
    private var shardsTriedAt: ContinuousClock.Instant?
    private var workedOn: Set<Int> = []
    private var raisedAt = ContinuousClock.now
    private(set) var weights: [TenantID: Double] = [:]
    private var weightsReadAt: ContinuousClock.Instant?
    private var loads: [Int: LoadHistogram] = [:]

    /// Shards that may owe failure calls: shards just taken over, and those whose claims recorded expired triggers.
    var shardsOwingCalls: Set<Int> = []

    /// Whether the last round ended because the workers were behind.
    var isBehind = false

    private var watchedAt: ContinuousClock.Instant?
    /// Whether to check on the monitor now: every 15 s, first 15 s after the start, to give it time to begin.
    mutating func shouldCheckMonitor() -> Bool {
        defer { watchedAt = watchedAt ?? .now }
        guard let at = watchedAt, ContinuousClock.now - at > .seconds(15) else { return false }
        watchedAt = .now
        return true
    }

    init(clock: ClockOffset, wanted: [Int]) {
        self.clock = clock
        self.wanted = wanted
    }

    /// Whether to look for shards that another loader has let go, or that are new: every 5 s.
    var needsShards: Bool { shardsTriedAt.map { ContinuousClock.now - $0 > .seconds(5) } ?? true }
    var missing: [Int] { wanted.filter { !held.contains($0) } }

    mutating func update(wanted shards: [Int]) { wanted = shards }

    mutating func take(_ shards: Set<Int>) {
        shardsTriedAt = .now
        held.formUnion(shards)
        shardsOwingCalls.formUnion(shards)
    }

    /// Whether to read the tenants' weights: every 5 s.
    var needsWeights: Bool { weightsReadAt.map { ContinuousClock.now - $0 > .seconds(5) } ?? true }

    mutating func update(weights: [TenantID: Double]) {
        self.weights = weights
        weightsReadAt = .now
    }

    /// Shards whose scan floors to raise now: every 2 s, those worked on since the last time. A scan reads every index
    /// entry between the floor and now, including those of schedules re-armed since.
    mutating func shardsToRaise() -> [Int] {
        guard ContinuousClock.now - raisedAt > .seconds(2), !workedOn.isEmpty else { return [] }
        raisedAt = .now
        defer { workedOn = [] }
        return workedOn.sorted()
    }

    mutating func didWork(on shard: Int) { workedOn.insert(shard) }

    /// The planned load of a shard, without changes; read from the store when it is first needed.
    mutating func load(of shard: Int, now: Timestamp, _ store: any LoaderStore) async throws -> LoadHistogram {
        if let load = loads[shard] { return load }
        let load = LoadHistogram(try await store.load(shard: shard, from: now))
        loads[shard] = load
        return load
    }

    mutating func adopt(_ load: LoadHistogram?, shard: Int, now: Timestamp) {
        guard var load else { return }
        load.settle(before: now.seconds)
        loads[shard] = load
    }
}
