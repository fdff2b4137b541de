import FunctionRuntime
import Logging
import Model
import Scheduling
import Store

/// Recomputes next occurrences after a change of the time zones (a new tzdata; decision 0014).
///
/// Only those beyond a pass's horizon: nearer occurrences are planned already and stay. Planned triggers that wait for
/// their place within a margin stay too.
extension Loader {
    func refreshZones(of shards: Set<Int>, now: Timestamp) async throws {
        guard let version = zonesVersion, !shards.isEmpty else { return }
        let horizon = now + configuration.every * 2 + configuration.lookahead
        for shard in try await store.staleZones(of: shards.sorted(), version: version) {
            let zones = zones
            var last: ScheduleID? = ScheduleID.lowest
            while let id = last, !runtime.life.isStopping {
                last = try await store.recompute(shard: shard, after: id, dueAfter: horizon, limit: 500) {
                    timing, next in
                    // A timing that cannot be read is reported when it is planned; UTC and elapsed time never change.
                    guard let timing = try? Timing(decoding: timing), timing.usesZones else { return next }
                    return timing.next(atOrAfter: horizon, zones: zones)
                }
            }
            if runtime.life.isStopping { return }
            try await store.noteZones(shard: shard, version: version)
            runtime.logger.info("computed with time zones \(version)", metadata: ["shard": "\(shard)"])
        }
    }
}
