import FunctionRuntime
import Logging
import Model
import Store
import Telemetry

/// Loaders watch the monitor: without it nothing that is lost is found again, and without partitions nothing can be
/// planned (protocols.md, 25b).
extension Loader {
    /// Reports what the monitor leaves undone, and creates the partitions of the next days if tomorrow's is missing.
    func watchMonitor(now: Timestamp) async throws {
        let age = try await store.monitorAge(now: now)
        runtime.reportMonitor(age, now: now)
        if age.hasTomorrow { return }
        let today = floorDivide(now.seconds, 86_400)
        for day in today...today + 2 {
            let start = Timestamp(seconds: day * 86_400)
            if try await store.addDay(start) {
                runtime.logger.warning("made the partition of \(start), which the monitor should have made")
                runtime.metrics.count(.loaderPartitions)
            }
        }
    }
}
