private import Logging
package import Model
package import Store
private import Telemetry

extension FunctionRuntime {
    /// Sets the metrics of the monitor's duties, and logs an error if one is overdue or tomorrow's partition is
    /// missing.
    package func reportMonitor(_ age: MonitorAge, now: Timestamp) {
        for duty in MonitorDuty.allCases {
            metrics.set(
                .monitorDutyAgeSeconds, age.doneAt[duty].map { (now - $0).inSeconds } ?? .infinity,
                labels: "duty=\"\(duty.rawValue)\"")
        }
        metrics.set(.partitionOfTomorrow, age.hasTomorrow ? 1 : 0)
        if let complaint = age.complaint(now: now) {
            logger.error("\(complaint): is a monitor running, and what does it log?")
        }
    }
}
