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
                "headgate_monitor_duty_age_seconds", age.doneAt[duty].map { (now - $0).inSeconds } ?? .infinity,
                labels: "duty=\"\(duty.rawValue)\"",
                help: "Time since the monitor last did a duty; above 60 it is a fault")
        }
        metrics.set(
            "headgate_partition_of_tomorrow", age.hasTomorrow ? 1 : 0,
            help: "1 where the next day has its partition of triggers")
        if let complaint = age.complaint(now: now) {
            logger.error("\(complaint): is a monitor running, and what does it log?")
        }
    }
}
