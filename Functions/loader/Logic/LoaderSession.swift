import FunctionRuntime
import Model
import Scheduling
import Store

/// What a loader knows while its connection lives.
struct LoaderSession: Sendable {
    var clock: ClockOffset
    private(set) var wanted: [Int]
    private(set) var held: Set<Int> = []
    private var triedAt: ContinuousClock.Instant?
    private var workedOn: Set<Int> = []
    private var raisedAt = ContinuousClock.now
    private(set) var weights: [String: Double] = [:]
    private var weighedAt: ContinuousClock.Instant?
    private var loads: [Int: LoadHistogram] = [:]

    /// Shards that may owe failure calls: what was taken over, and what has claimed expired triggers.
    var owing: Set<Int> = []

    /// The last round ended because the workers were behind.
    var isBehind = false

    private var watchedAt: ContinuousClock.Instant?
    /// The monitor is watched every 15 s, beginning a while after the start: then it has had time to begin.
    mutating func watchesMonitor() -> Bool {
        defer { watchedAt = watchedAt ?? .now }
        guard let at = watchedAt, ContinuousClock.now - at > .seconds(15) else { return false }
        watchedAt = .now
        return true
    }

    init(clock: ClockOffset, wanted: [Int]) {
        self.clock = clock
        self.wanted = wanted
    }

    /// Shards that another loader had, or that are new, are looked for every 5 s.
    var needsShards: Bool { triedAt.map { ContinuousClock.now - $0 > .seconds(5) } ?? true }
    var missing: [Int] { wanted.filter { !held.contains($0) } }

    mutating func update(wanted shards: [Int]) { wanted = shards }

    mutating func take(_ shards: Set<Int>) {
        triedAt = .now
        held.formUnion(shards)
        owing.formUnion(shards)
    }

    /// Tenants' weights are read every 5 s.
    var needsWeights: Bool { weighedAt.map { ContinuousClock.now - $0 > .seconds(5) } ?? true }

    mutating func update(weights: [String: Double]) {
        self.weights = weights
        weighedAt = .now
    }

    /// Shards whose floors are to be raised now: every two seconds those that have been worked on, for a scan walks over what
    /// was armed between its floor and now.
    mutating func shardsToRaise() -> [Int] {
        guard ContinuousClock.now - raisedAt > .seconds(2), !workedOn.isEmpty else { return [] }
        raisedAt = .now
        defer { workedOn = [] }
        return workedOn.sorted()
    }

    mutating func didWork(on shard: Int) { workedOn.insert(shard) }

    /// The load of a shard, read when it is first needed. As planned so far: its changes are empty.
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
