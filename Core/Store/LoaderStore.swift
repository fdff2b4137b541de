package import Model

/// All that a loader asks of the schedules and triggers of its shards.
package protocol LoaderStore: ShardStore, ClaimStore, PassStore, PlanningStore, ZoneStore, MonitorWatch {}

extension LoaderStore {
    /// `claimPlanned` of everybody's.
    package func claimPlanned(
        shard: Int, pass: Int, from floor: Timestamp, before horizon: Timestamp, limit: Int
    ) async throws -> [QueuedTrigger] {
        try await claimPlanned(shard: shard, pass: pass, from: floor, before: horizon, limit: limit, except: [])
    }

    /// `overview` of everything that is due.
    package func overview(of shards: [Int], before horizon: Timestamp) async throws -> [ShardOverview] {
        try await overview(of: shards, from: .distantPast, before: horizon)
    }
}
