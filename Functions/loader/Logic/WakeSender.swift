package import FunctionRuntime
private import Logging
private import Model
package import Queue
package import Store
private import Telemetry

/// Sends hints for executions that are to be woken soon, with delays, so that step-workers look at them in time.
///
/// It reads wakes and never writes them. A hint that is sent twice is one hint; one that is lost is sent again at the
/// next full look (protocols.md, 18).
package struct WakeSender: Sendable {
    /// How often it looks, and how far ahead.
    package struct Configuration: Sendable {
        /// The time between two looks at what will soon be due.
        package var every: Duration = .seconds(1)
        /// How far ahead it looks; nearer wakes that are written later get their hint from their writer.
        package var lookahead: Duration = .seconds(2)
        /// How often it also looks at what should have been met long ago.
        package var full: Duration = .seconds(10)
        /// Wakes of one bucket and statement.
        package var page = 100
        /// Hints in a shard of the queue from which on it waits.
        package var queueLimit = 500_000

        /// The defaults given at each property.
        package init() {}
    }

    private let runtime: FunctionRuntime
    private let configuration: Configuration
    private let store: any WakeStore
    private let hints: any MessageQueue

    /// A sender that has taken no buckets yet.
    package init(
        _ runtime: FunctionRuntime, configuration: Configuration = Configuration(), store: any WakeStore,
        hints: any MessageQueue
    ) {
        self.runtime = runtime
        self.configuration = configuration
        self.store = store
        self.hints = hints
    }

    /// Works until the function is asked to stop. An error ends the session, and the next one starts over.
    package func run() async {
        while !runtime.life.isStopping {
            do {
                try await work()
            } catch {
                runtime.logger.warning("looking for executions to wake is begun again: \(error)")
                runtime.metrics.count(.loaderErrors)
                await store.close()
                await runtime.life.sleep(.milliseconds(500))
            }
        }
        await store.close()
    }

    private func work() async throws {
        var scan = WakeScan(configuration, store: store, hints: hints)
        while !runtime.life.isStopping {
            let start = ContinuousClock.now
            let sent = try await scan.look(at: start) { runtime.life.isStopping }
            if let sent {
                runtime.metrics.count(.loaderWakes, sent)
            } else {
                runtime.metrics.count(.loaderHeldBack)
            }
            await runtime.life.sleep(max(.milliseconds(1), configuration.every - (.now - start)))
        }
    }
}
