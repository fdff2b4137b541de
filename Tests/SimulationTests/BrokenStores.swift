import Model
import Store
import Synchronization

/// A store whose plan has a trigger of its twentieth claim twice, under two ids.
final class DoublingStore: LoaderStore {
    private let store: any LoaderStore
    private let planned = Mutex(0)

    init(_ store: any LoaderStore) { self.store = store }

    func claimSchedules(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int,
        plan: @escaping @Sendable ([ClaimedSchedule]) -> ShardPlan,
        beforeCommit: @escaping @Sendable () throws -> Void
    ) async throws -> ClaimResult? {
        try await store.claimSchedules(
            shard: shard, pass: pass, from: floor, before: horizon, limit: limit,
            plan: { [self] schedules in doubled(plan(schedules), of: schedules) }, beforeCommit: beforeCommit)
    }

    private func doubled(_ plan: ShardPlan, of schedules: [ClaimedSchedule]) -> ShardPlan {
        var plan = plan
        guard let row = plan.rows.last(where: { $0.count == 1 && $0.lastOccurrence == nil }) else { return plan }
        let isNow = planned.withLock { count in
            count += 1
            return count == 20
        }
        if !isNow { return plan }
        var again = row
        again.id = TriggerKey(
            schedule: schedules[row.source].id, kind: .backfill, revision: schedules[row.source].revision,
            occurrence: row.occurrence
        ).id(at: row.id.v7Time)
        plan.rows.append(again)
        return plan
    }

    func shards() async throws -> [Int] { try await store.shards() }
    func now() async throws -> Timestamp { try await store.now() }
    func takeShards(_ shards: [Int]) async throws -> Set<Int> { try await store.takeShards(shards) }
    func overview(of shards: [Int], from start: Timestamp, before horizon: Timestamp) async throws -> [ShardOverview] {
        try await store.overview(of: shards, from: start, before: horizon)
    }
    func beginPass(shard: Int) async throws -> Int { try await store.beginPass(shard: shard) }
    func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int, except held: Set<String>
    ) async throws -> [QueuedTrigger] {
        try await store.claimPlanned(
            shard: shard, pass: pass, from: floor, before: horizon, limit: limit, except: held)
    }
    func monitorAge(now: Timestamp) async throws -> MonitorAge { try await store.monitorAge(now: now) }
    func addDay(_ day: Timestamp) async throws -> Bool { try await store.addDay(day) }
    func expirePlanned(shard: Int, from floor: Timestamp, now: Timestamp, limit: Int) async throws -> Int {
        try await store.expirePlanned(shard: shard, from: floor, now: now, limit: limit)
    }
    func createFailureCalls(
        shard: Int, limit: Int, except held: Set<String>
    ) async throws -> CreatedFailureCalls {
        try await store.createFailureCalls(shard: shard, limit: limit, except: held)
    }
    func confirmPass(shard: Int, pass: Int) async throws { try await store.confirmPass(shard: shard, pass: pass) }
    func unconfirmed(
        shard: Int, confirmed: Int, from floor: Timestamp, after last: (Timestamp, TriggerID)?, limit: Int
    ) async throws -> [QueuedTrigger] {
        try await store.unconfirmed(shard: shard, confirmed: confirmed, from: floor, after: last, limit: limit)
    }
    func confirmAllPasses(shard: Int, upTo pass: Int) async throws {
        try await store.confirmAllPasses(shard: shard, upTo: pass)
    }
    func raiseFloors(shard: Int, ceiling: Timestamp, now: Timestamp) async throws {
        try await store.raiseFloors(shard: shard, ceiling: ceiling, now: now)
    }
    func load(shard: Int, from time: Timestamp) async throws -> [(second: Int64, count: Int)] {
        try await store.load(shard: shard, from: time)
    }
    func weights() async throws -> [TenantID: Double] { try await store.weights() }
    func staleZones(of shards: [Int], version: String) async throws -> [Int] {
        try await store.staleZones(of: shards, version: version)
    }
    func recompute(
        shard: Int, after id: ScheduleID, dueAfter time: Timestamp, limit: Int,
        next: @escaping @Sendable (_ timing: [UInt8], _ next: Timestamp) -> Timestamp?
    ) async throws -> ScheduleID? {
        try await store.recompute(shard: shard, after: id, dueAfter: time, limit: limit, next: next)
    }
    func noteZones(shard: Int, version: String) async throws {
        try await store.noteZones(shard: shard, version: version)
    }
    func close() async { await store.close() }
}

/// A store that says it has recorded every hundredth outcome, and has not.
final class ForgetfulStore: OutcomeStore {
    private let store: any OutcomeStore
    private let count = Mutex(0)

    init(_ store: any OutcomeStore) { self.store = store }

    func record(_ outcomes: [TriggerOutcome]) async throws -> RecordResult {
        let kept = outcomes.filter { _ in
            count.withLock { count in
                count += 1
                return count % 100 != 0
            }
        }
        return try await store.record(kept)
    }
    func close() async { await store.close() }
}
