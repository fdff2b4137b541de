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
        let source = try await outbox.source()
        var cursor = try await store.cursor(of: source) ?? 0
        var names = DefinitionNames()
        var turns = OutboxTurns(configuration)
        var daysAt: ContinuousClock.Instant?
        var savedAt = ContinuousClock.now
        while !runtime.life.isStopping {
            if daysAt.map({ ContinuousClock.now - $0 > .seconds(600) }) ?? true {
                try await keepDays()
                daysAt = .now
            }
            let bounds = try await outbox.bounds()
            var moved = 0
            if bounds.end > cursor, bounds.current + bounds.other > 0 {
                moved = try await move(from: cursor, bounds, &names)
            }
            try Failpoint.flowHistorianBeforeCursor.pass()
            // An unchanged cursor of an idle outbox is written now and then only.
            if moved > 0 || ContinuousClock.now - savedAt > .seconds(10) {
                try await store.advance(source, to: bounds.end, now: try await store.now())
                savedAt = .now
            }
            cursor = bounds.end
            switch turns.next(bounds, cursor: cursor, at: .now) {
            case .none: break
            case .turn: try await outbox.turn()
            case .empty:
                try Failpoint.flowHistorianBeforeEmpty.pass()
                // If somebody holds the table it is tried again at the next look.
                _ = try await outbox.empty()
            }
            await runtime.life.sleep(configuration.every)
        }
    }

    /// Moves the rows of the transactions from `first` on that have ended; returns how many.
    private func move(from first: UInt64, _ bounds: OutboxBounds, _ names: inout DefinitionNames) async throws -> Int {
        var place: OutboxPlace?
        var moved = 0
        repeat {
            let page = try await outbox.page(
                from: first, upTo: bounds.end, turn: bounds.turn, after: place, limit: configuration.page)
            if !page.rows.isEmpty {
                let records = try page.rows.map { try HistoryRecord(decoding: $0.body) }
                let unknown = names.unknown(of: records)
                if !unknown.isEmpty { names.add(try await outbox.definitions(unknown), asked: unknown) }
                try await store.add(page.rows, summaries: Summaries.of(page.rows, records, names))
                try Failpoint.flowHistorianAfterCommit.pass()
                moved += page.rows.count
                let now = try await store.now()
                let oldest = page.rows.map(\.at).min() ?? now
                runtime.metrics.set(.historyLagSeconds, max(0, (now - oldest).inSeconds))
                runtime.metrics.count(.historyRows, page.rows.count)
            }
            place = page.next
        } while place != nil
        return moved
    }

    private func keepDays() async throws {
        let today = floorDivide(try await store.now().seconds, 86_400)
        for day in today - 1...today + 3 { try await store.addDay(Timestamp(seconds: day * 86_400)) }
        try await store.dropDays(before: Timestamp(seconds: (today - Int64(configuration.retention)) * 86_400))
    }
}
