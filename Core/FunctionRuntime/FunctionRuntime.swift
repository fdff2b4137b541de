private import Blocking
private import CPlatform
private import Glibc
package import Logging
private import Model
package import Telemetry

/// What every function starts with: settings, a logger, metrics, and its life, which signals end.
package struct FunctionRuntime: Sendable {
    package let name: String
    package let settings: FunctionSettings
    package let logger: Logger
    package let metrics: Metrics
    package let life: FunctionLife

    /// Exit codes of functions, named as in `sysexits.h`.
    package enum ExitCode {
        /// The settings are wrong (`EX_USAGE`).
        package static let usage: Int32 = 64
        /// Something that it needs, such as its port, is not available now (`EX_TEMPFAIL`).
        package static let unavailable: Int32 = 75
        /// The host's clock is too far off (`EX_CONFIG`).
        package static let clock: Int32 = 78
    }

    /// Reads the settings and starts listening to signals. If settings are missing or wrong it says which, and exits
    /// with 64.
    ///
    /// - Parameters:
    ///   - needs: variables that must be set.
    ///   - idle: the function ends after this long without work; nil: never.
    ///   - maxAge: the function ends at this age; nil: never.
    package static func start(
        _ name: String, needs: [FunctionSettings.RequiredVariable], idle: Duration? = nil, maxAge: Duration? = nil
    ) -> FunctionRuntime {
        signal(SIGPIPE, SIG_IGN)
        OpenFiles.raiseLimit()
        let settings: FunctionSettings
        do {
            settings = try FunctionSettings(needs: needs)
        } catch {
            say("\(name): it cannot start:")
            for mistake in error.list { say("  \(mistake)") }
            exit(ExitCode.usage)
        }
        if let lifeline = settings.lifeline { follow(lifeline) }
        var logger = Logger(label: name) { _ in
            LineLogHandler(level: settings.level, format: settings.format, now: { WallClock.now() })
        }
        logger[metadataKey: "function"] = "\(name)"
        let life = FunctionLife(idle: idle, maxAge: maxAge)
        life.takeSignals()
        return FunctionRuntime(name: name, settings: settings, logger: logger, metrics: Metrics(), life: life)
    }

    /// Writes the metrics file every 5 s until the task is cancelled, and once more then. Does nothing without
    /// `HEADGATE_METRICS_FILE`.
    package func writeMetrics() async {
        guard let file = settings.metricsFile else { return }
        while true {
            FileText.replace(file, with: metrics.text)
            do { try await Task.sleep(for: .seconds(5)) } catch { break }
        }
        FileText.replace(file, with: metrics.text)
    }

    /// Repeats `body` until it succeeds, with waits that grow from 0.1 to 5 s and a warning for each failure.
    ///
    /// Returns its value, or nil if the function was asked to stop.
    package func retryUntilSuccess<Value: Sendable>(
        _ what: String, _ body: @Sendable () async throws -> Value
    ) async -> Value? {
        var wait = Duration.milliseconds(100)
        while !life.isStopping {
            do {
                return try await body()
            } catch {
                logger.warning("\(what): \(error); trying again in \(wait.text)")
                await life.sleep(wait)
                wait = min(wait * 2, .seconds(5))
            }
        }
        return nil
    }

    /// Reports the offset of another clock: a metric always, a warning from 1 s. From 5 s on it exits with 78 at a
    /// function's start; later it only logs.
    package func check(_ offset: ClockOffset, against what: String, atStart isStart: Bool = false) {
        metrics.set(.clockSkewSeconds, offset.offset.inSeconds)
        if offset.magnitude >= ClockOffset.refuseFrom {
            logger.critical(
                "the host's clock is \(offset.offset.text) off the \(what)'s: set it right, it must be within 5 s")
            if isStart { exit(ExitCode.clock) }
        } else if offset.magnitude >= ClockOffset.warnFrom {
            logger.warning("the host's clock is \(offset.offset.text) off the \(what)'s")
        }
    }

    /// Ends the process when the descriptor reaches its end: whoever started it is gone.
    private static func follow(_ descriptor: Int32) {
        headgate_die_with_parent(SIGKILL)
        startThread(name: "lifeline") {
            var byte: UInt8 = 0
            while true {
                let count = unsafe read(descriptor, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { _exit(3) }
            }
        }
    }

    private static func say(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}
