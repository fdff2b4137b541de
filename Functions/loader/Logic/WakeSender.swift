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
        var held: Set<Int> = []
        var triedAt: ContinuousClock.Instant?
        var lookedAt: ContinuousClock.Instant?
        // Everything before this was looked at since the last full look.
        var floor = Timestamp.distantPast
        while !runtime.life.isStopping {
            let start = ContinuousClock.now
            if triedAt.map({ start - $0 > .seconds(5) }) ?? true {
                triedAt = start
                let missing = (0..<WakeGroups.count).filter { !held.contains($0) }
                let taken = missing.isEmpty ? [] : try await store.takeGroups(missing)
                if !taken.isEmpty { lookedAt = nil }
                held.formUnion(taken)
            }
            if lookedAt.map({ start - $0 > configuration.full }) ?? true {
                lookedAt = start
                floor = .distantPast
            }
            let now = try await store.now()
            let horizon = now + configuration.lookahead
            if !held.isEmpty, try await hasRoom() {
                try await send(held, from: floor, before: horizon, now: now)
                floor = horizon
            }
            await runtime.life.sleep(max(.milliseconds(1), configuration.every - (.now - start)))
        }
    }

    private func hasRoom() async throws -> Bool {
        let pressure = try await hints.pressure()
        if pressure.fullestShard < configuration.queueLimit { return true }
        runtime.metrics.count(.loaderHeldBack)
        return false
    }

    /// Page by page of all buckets, so that the earliest of all come first.
    private func send(_ groups: Set<Int>, from floor: Timestamp, before horizon: Timestamp, now: Timestamp) async throws
    {
        var places = groups.sorted().flatMap { WakeGroups.buckets(of: $0) }.map { WakePlace(bucket: $0, due: floor) }
        while !places.isEmpty, !runtime.life.isStopping {
            let rows = try await store.wakes(places, before: horizon, limit: configuration.page)
            if !rows.isEmpty {
                _ = try await hints.send(
                    rows.map { StepHint.message($0.execution, tenant: $0.tenant, delay: max(.zero, $0.due - now)) })
                runtime.metrics.count(.loaderWakes, rows.count)
            }
            let byBucket = Dictionary(grouping: rows, by: \.bucket)
            places = byBucket.compactMap { bucket, rows in
                guard rows.count == configuration.page, let last = rows.last else { return nil }
                return WakePlace(bucket: bucket, due: last.due, execution: last.execution)
            }
        }
    }
}
