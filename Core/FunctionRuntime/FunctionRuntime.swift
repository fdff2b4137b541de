private import Blocking
private import CPlatform
private import Glibc
package import Logging
private import Model
package import Telemetry

/// What every function starts with: settings, a logger, metrics, signals.
package struct FunctionRuntime: Sendable {
    package let name: String
    package let settings: FunctionSettings
    package let logger: Logger
    package let metrics: Metrics
    package let life: FunctionLife

    /// Exit codes of functions.
    package enum ExitCode {
        /// The settings are wrong (`EX_USAGE`).
        package static let usage: Int32 = 64
        /// Something that it needs for itself cannot be had now, such as its port (`EX_TEMPFAIL`).
        package static let unavailable: Int32 = 75
        /// The host's clock is too far off (`EX_CONFIG`).
        package static let clock: Int32 = 78
    }

    /// Reads the settings, or says which are missing or wrong and exits with 64.
    package static func start(
        _ name: String, needs: [FunctionSettings.Need], idle: Duration? = nil, maxAge: Duration? = nil
    ) -> FunctionRuntime {
        signal(SIGPIPE, SIG_IGN)
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

    /// Writes the metrics file every 5 s until cancelled, and once more then.
    package func writeMetrics() async {
        guard let file = settings.metricsFile else { return }
        while true {
            FileText.replace(file, with: metrics.text)
            do { try await Task.sleep(for: .seconds(5)) } catch { break }
        }
        FileText.replace(file, with: metrics.text)
    }

    /// Repeats something until it succeeds, with growing waits of 0.1 to 5 s and a warning for each failure.
    ///
    /// Returns its value; nil: the function was asked to stop.
    package func untilItWorks<Value: Sendable>(
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

    /// At a function's start, exits when the host's clock is too far off another. Later it only says so.
    package func check(_ offset: ClockOffset, against what: String, atStart isStart: Bool = false) {
        metrics.set(
            "headgate_clock_skew_seconds", offset.offset.inSeconds, help: "Offset of the \(what)'s clock to the host's")
        if offset.magnitude >= ClockOffset.refuseFrom {
            logger.critical(
                "the host's clock is \(offset.offset.text) off the \(what)'s: set it right, it must be within 5 s")
            if isStart { exit(ExitCode.clock) }
        } else if offset.magnitude >= ClockOffset.warnFrom {
            logger.warning("the host's clock is \(offset.offset.text) off the \(what)'s")
        }
    }

    /// Ends the process when the descriptor does: whoever started it is gone.
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
