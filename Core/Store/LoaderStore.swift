package import Model

/// Everything that a loader needs of the schedules and triggers of its shards.
package protocol LoaderStore: ShardStore, ClaimStore, PassStore, PlanningStore, ZoneStore, MonitorWatch {}

extension LoaderStore {
    /// Claims planned triggers of all fairness keys.
    package func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int
    ) async throws -> [QueuedTrigger] {
        try await claimPlanned(shard: shard, pass: pass, from: floor, before: horizon, limit: limit, except: [])
    }

    /// The state of shards, looking for due schedules from the floor on.
    package func overview(of shards: [Int], before horizon: Timestamp) async throws -> [ShardOverview] {
        try await overview(of: shards, from: .distantPast, before: horizon)
    }
}
