private import Flows
package import FunctionRuntime
private import Logging
private import Model
package import Store
private import Telemetry

/// Moves what executions have done from the engine's outbox to the history, exactly once and in order (protocols.md,
/// 20).
///
/// It reads what transactions wrote that have all ended, and writes its cursor only after the rows. If it dies in
/// between they are read again, and inserting them again changes nothing. While it is down the engine goes on.
package struct FlowHistorian: Sendable {
    /// How often it looks, and how long the history is kept.
    package struct Configuration: Sendable {
        /// The time between two looks at the outbox.
        package var every: Duration = .milliseconds(200)
        /// Days of history that are kept.
        package var retention = 30
        /// Rows of one transaction of the history.
        package var page = 2_000
        /// How large the table in use may become before the other is used, in bytes.
        package var turnAt = 1 << 20
        /// How long the table in use may have rows before the other is used.
        package var turnAfter: Duration = .seconds(1)

        /// The defaults given at each property.
        package init() {}
    }

    private let runtime: FunctionRuntime
    private let configuration: Configuration
    private let outbox: any Outbox
    private let store: any HistoryStore

    /// A historian that has read nothing yet.
    package init(
        _ runtime: FunctionRuntime, configuration: Configuration = Configuration(), outbox: any Outbox,
        store: any HistoryStore
    ) {
        self.runtime = runtime
        self.configuration = configuration
        self.outbox = outbox
        self.store = store
    }

    /// Works until it is asked to stop. An error ends the session, and the next one reads from the cursor on.
    package func run() async {
        while !runtime.life.isStopping {
            do {
                if try await outbox.take() { try await work() } else { await runtime.life.sleep(.seconds(2)) }
            } catch {
                runtime.logger.warning("reading the outbox is begun again: \(error)")
                runtime.metrics.count(.historyErrors)
                await runtime.life.sleep(.milliseconds(500))
            }
            await outbox.close()
            await store.close()
        }
    }

    private func work() async throws {
        var session = try await HistorianSession(configuration, outbox: outbox, store: store)
        while !runtime.life.isStopping {
            let moved = try await session.look(at: .now)
            runtime.metrics.count(.historyRows, moved.rows)
            if let lag = moved.lag { runtime.metrics.set(.historyLagSeconds, lag.inSeconds) }
            await runtime.life.sleep(configuration.every)
        }
    }
}
