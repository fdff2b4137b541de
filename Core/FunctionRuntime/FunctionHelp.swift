private import Logging
private import Model

/// What the command lines of the functions have in common.
package enum FunctionHelp {
    /// The part of every function's help on variables, signals and exit codes.
    package static let settings = """
        Settings come from the environment: HEADGATE_POSTGRES, HEADGATE_REDIS, HEADGATE_SQS, HEADGATE_QUEUES, HEADGATE_LOG, \
        HEADGATE_LOG_FORMAT, HEADGATE_METRICS_FILE, HEADGATE_ALLOW_TARGETS, HEADGATE_DENY_TARGETS, HEADGATE_SECRET_KEYS, HEADGATE_API, HEADGATE_SERVICE_KEY; with \
        HEADGATE_SQS also HEADGATE_SQS_PREFIX, AWS_REGION and what AWS names credentials by. \
        SIGTERM drains; a second SIGTERM exits at once. Exit codes: 0 clean shutdown, 64 bad settings, 78 host clock off by 5 s or more.
        """

    /// Reads a positive duration from the command line; throws an error that says what was expected.
    package static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(text: text), duration > .zero else {
            throw BadDuration(text: text)
        }
        return duration
    }

    private struct BadDuration: Error, CustomStringConvertible {
        let text: String
        var description: String { "expected a duration such as 30s or 5m, found \"\(text)\"" }
    }
}

extension FunctionRuntime {
    /// Runs a function's work, writing its metrics file meanwhile.
    package func run(_ work: @escaping @Sendable () async -> Void) async {
        logger.info("started")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await writeMetrics() }
            await work()
            group.cancelAll()
        }
        logger.info("ended")
    }
}
