package import FunctionRuntime
import Logging
import Synchronization
import Telemetry

/// Counts failures of the store, and logs them: each text once in ten seconds, however often it comes.
package final class TroubleLog: Sendable {
    private let runtime: FunctionRuntime
    private let logged = Mutex<[String: ContinuousClock.Instant]>([:])

    private static let pause = Duration.seconds(10)
    /// Beyond so many texts all are forgotten.
    private static let most = 100

    /// A log that has heard of nothing yet.
    package init(_ runtime: FunctionRuntime) { self.runtime = runtime }

    /// Something has failed.
    package func report(_ text: String) {
        runtime.metrics.count(.sqsErrors)
        let isDue = logged.withLock { logged in
            if let last = logged[text], ContinuousClock.now - last < TroubleLog.pause { return false }
            if logged.count >= TroubleLog.most { logged = [:] }
            logged[text] = .now
            return true
        }
        if isDue { runtime.logger.warning("\(text)") }
    }
}
