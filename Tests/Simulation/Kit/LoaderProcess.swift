import LoaderFunction
import Memory
import Model
import Queue
import Scheduling
import Sending
import Store
import TestRandom

/// A loader between two events: the counterpart of `LoaderSession`.
struct LoaderProcess {
    var store: any LoaderStore
    /// Its connection, which holds its shards.
    var connection: InMemoryStore
    var held: Set<Int> = []
    var loads: [Int: LoadHistogram] = [:]
    /// The database's clock minus the host's, as measured at `measuredAt`.
    var offset: Duration = .zero
    var measuredAt: Timestamp?
    var triedAt: Timestamp?
    var raisedAt: Timestamp
    /// When it looks again; `distantPast` while it runs.
    var due: Timestamp?

    static let every = Duration.seconds(1)
    static let lookahead = Duration.seconds(6)
    static let batch = 2_000
}

extension Simulation {
    func makeLoader() -> LoaderProcess {
        let connection = InMemoryStore(store.database)
        return LoaderProcess(
            store: configuration.loaderStore(connection), connection: connection, raisedAt: clock.now)
    }

    func wake(_ index: Int, at time: Timestamp) {
        if let due = loaders[index].due, due <= time { return }
        loaders[index].due = time
        at(time, .loader(index))
    }

    /// `Loader.run`: a pass that fails ends the session, and the next one starts over.
    func runLoader(_ index: Int, at time: Timestamp) async throws {
        guard loaders[index].due == time else { return }
        // Nothing else wakes it while it is paused.
        loaders[index].due = .distantPast
        var delay: Duration
        do {
            delay = try await loaderPass(index)
        } catch is Crash {
            await end(index)
            delay = random.duration(200...60_000)
        } catch is Unreachable {
            await end(index)
            delay = random.duration(200...5_000)
        }
        loaders[index].due = clock.now + delay
        after(delay, .loader(index))
    }

    private func end(_ index: Int) async {
        await loaders[index].connection.close()
        loaders[index] = makeLoader()
        loaders[index].due = .distantPast
    }

    /// The database's time as this loader believes it to be.
    private func databaseTime(_ index: Int) -> Timestamp { clock.now + loaders[index].offset }

    /// `Loader.work` and `Loader.round`, except that a loader that is behind takes its shards in no special order.
    /// Returns when to look again.
    private func loaderPass(_ index: Int) async throws -> Duration {
        try await step(1, needs: .loaderOutage, .storeOutage)
        if loaders[index].measuredAt.map({ clock.now - $0 > .seconds(30) }) ?? true {
            loaders[index].offset = clock.offset
            loaders[index].measuredAt = clock.now
        }
        try await takeShards(index)
        if loaders[index].held.isEmpty { return .seconds(5) }
        let horizon = databaseTime(index) + LoaderProcess.every + LoaderProcess.lookahead
        let shards = loaders[index].held.sorted()
        for shard in try await loaders[index].store.overview(of: shards, before: horizon) {
            if shard.confirmedPass < shard.pass { try await resend(index, shard) }
            if (shard.hasDueSchedules && isPlanning) || shard.plannedLow < horizon {
                try await pass(index, shard, horizon)
            }
        }
        try await raiseFloors(index)
        return untilWork(index)
    }

    private func takeShards(_ index: Int) async throws {
        guard loaders[index].held.count < Simulation.shards,
            loaders[index].triedAt.map({ clock.now - $0 > .seconds(5) }) ?? true
        else { return }
        loaders[index].triedAt = clock.now
        let missing = (0..<Simulation.shards).filter { !loaders[index].held.contains($0) }
        loaders[index].held.formUnion(try await loaders[index].store.takeShards(missing))
        // The lock on a shard only saves work: two loaders on one must do no harm.
        if isHostile && random.chance(0.05) { loaders[index].held.formUnion(0..<Simulation.shards) }
    }

    private func raiseFloors(_ index: Int) async throws {
        guard clock.now - loaders[index].raisedAt > .seconds(10) else { return }
        loaders[index].raisedAt = clock.now
        let now = databaseTime(index)
        for shard in loaders[index].held.sorted() {
            try await step(2, needs: .storeOutage)
            try await loaders[index].store.raiseFloors(shard: shard, ceiling: now, now: now)
        }
    }

    /// How long until there is work; the real loader looks every second.
    private func untilWork(_ index: Int) -> Duration {
        let held = loaders[index].held
        if store.hasUnconfirmed(in: held) { return LoaderProcess.every }
        let due = store.nextWork(of: held) ?? clock.database + .seconds(60)
        let wait = due - clock.database - LoaderProcess.every - LoaderProcess.lookahead
        let longest: Duration = held.count < Simulation.shards ? .seconds(5) : .seconds(60)
        return min(max(LoaderProcess.every, wait), longest)
    }

    /// `Loader.pass`.
    private func pass(_ index: Int, _ overview: ShardOverview, _ horizon: Timestamp) async throws {
        let shard = overview.shard
        try await step(3, needs: .storeOutage)
        let pass = try await loaders[index].store.beginPass(shard: shard)
        var isMore = overview.hasDueSchedules && isPlanning
        while isMore {
            guard let claimed = try await claim(index, overview, pass, horizon) else { break }
            isMore = claimed == LoaderProcess.batch
        }
        isMore = overview.plannedLow < horizon
        while isMore {
            let now = databaseTime(index)
            try await step(4, needs: .queueOutage, .storeOutage)
            let ticket = try await queue.ticket()
            let triggers = try await loaders[index].store.claimPlanned(
                shard: shard, pass: pass, from: overview.plannedLow, before: horizon, limit: LoaderProcess.batch)
            try await send(triggers, ticket, now)
            isMore = triggers.count == LoaderProcess.batch
            if !isMore { try await loaders[index].store.raiseFloors(shard: shard, ceiling: now, now: now) }
        }
        try await step(5, needs: .storeOutage)
        try await loaders[index].store.confirmPass(shard: shard, pass: pass)
    }

    /// One batch of `Loader.pass`: ticket, claim and commit, send. Nil: nothing was due.
    private func claim(_ index: Int, _ overview: ShardOverview, _ pass: Int, _ horizon: Timestamp) async throws -> Int?
    {
        let shard = overview.shard
        let now = databaseTime(index)
        try await step(6, needs: .queueOutage)
        let ticket = try await queue.ticket()
        if loaders[index].loads[shard] == nil {
            loaders[index].loads[shard] = LoadHistogram(try await loaders[index].store.load(shard: shard, from: now))
        }
        let planner = ShardPlanner(
            planner: Planner(zones: zones, tieOffset: ShardPlanner.tieOffset(of: shard)),
            load: loaders[index].loads[shard]!, now: now, horizon: horizon, sendHorizon: horizon)
        // The planner must have the only copy, so that adding to it copies nothing.
        loaders[index].loads[shard] = nil
        try await step(7, needs: .storeOutage)
        let diesBeforeCommit = isHostile && random.chance(configuration.faults.crash)
        let result = try await loaders[index].store.claimSchedules(
            shard: shard, pass: pass, from: overview.low, before: horizon, limit: LoaderProcess.batch
        ) {
            planner.plan($0)
        } beforeCommit: {
            if diesBeforeCommit { throw Crash() }
        }
        guard let result else { return nil }
        var load = planner.resultingLoad
        load?.settle(before: now.seconds)
        loaders[index].loads[shard] = load
        trace.note(.committed, clock.now, UInt64(result.claimed), UInt64(result.toSend.count))
        try await step(8)
        try await send(result.toSend, ticket, now)
        try await step(9)
        return result.claimed
    }

    /// `Loader.resend`.
    private func resend(_ index: Int, _ shard: ShardOverview) async throws {
        var last: (Timestamp, TriggerID)?
        while true {
            try await step(10, needs: .queueOutage, .storeOutage)
            let now = clock.database
            let ticket = try await queue.ticket()
            let triggers = try await loaders[index].store.unconfirmed(
                shard: shard.shard, confirmed: shard.confirmedPass, from: shard.unconfirmedLow, after: last,
                limit: LoaderProcess.batch)
            try await send(triggers, ticket, now)
            guard let end = triggers.last, triggers.count == LoaderProcess.batch else { break }
            last = (end.message.plannedAt, end.message.id)
        }
        try await step(11, needs: .storeOutage)
        try await loaders[index].store.confirmAllPasses(shard: shard.shard, upTo: shard.pass)
    }

    /// `Loader.send`, in parts: a loader may die with half of them sent.
    func send(_ triggers: [QueuedTrigger], _ ticket: QueueTicket, _ now: Timestamp) async throws {
        let messages = triggers.filter(\.hasAction).map { OutgoingMessage($0, now: now, weights: [:]) }
        let size = isHostile && random.chance(0.01) ? 1 + messages.count / 2 : 1_000
        for begin in stride(from: 0, to: messages.count, by: size) {
            let part = Array(messages[begin..<min(begin + size, messages.count)])
            try await step(12, needs: .queueOutage)
            let results = try await queue.send(part, ticket: ticket, mode: .add)
            for (message, result) in zip(part, results) { sayOf(message.id, "sent: \(result)") }
            statistics.staleSends += results.count { $0 == .stale }
            trace.note(.sent, clock.now, UInt64(part.count), UInt64(results.count { $0 == .accepted }))
            guard isHostile && random.chance(configuration.faults.duplicateSend) else { continue }
            statistics.duplicateSends += 1
            let again = try await queue.send(part, ticket: ticket, mode: .add)
            if again.contains(.accepted) { throw Violation("a known id was accepted a second time") }
        }
    }
}
