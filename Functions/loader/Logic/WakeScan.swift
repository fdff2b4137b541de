private import Model
package import Queue
package import Store

/// What one session of a `WakeSender` does at each look.
package struct WakeScan {
    private let configuration: WakeSender.Configuration
    private let store: any WakeStore
    private let hints: any MessageQueue
    /// Groups of buckets that the session holds.
    private var held: Set<Int> = []
    private var triedAt: ContinuousClock.Instant?
    private var lookedAt: ContinuousClock.Instant?
    /// Everything before this was looked at since the last full look.
    private var floor = Timestamp.distantPast

    /// How often groups that others hold are tried again.
    private static let groupPatience = Duration.seconds(5)

    /// A scan that holds no groups yet.
    package init(_ configuration: WakeSender.Configuration, store: any WakeStore, hints: any MessageQueue) {
        self.configuration = configuration
        self.store = store
        self.hints = hints
    }

    /// Sends hints for what will soon be due; returns for how many wakes, or nil: the queue is too full.
    ///
    /// - Parameter instant: the time of this look.
    package mutating func look(at instant: ContinuousClock.Instant, isStopping: () -> Bool) async throws -> Int? {
        if triedAt.map({ instant - $0 > WakeScan.groupPatience }) ?? true {
            triedAt = instant
            let missing = (0..<WakeGroups.count).filter { !held.contains($0) }
            let taken = missing.isEmpty ? [] : try await store.takeGroups(missing)
            if !taken.isEmpty { lookedAt = nil }
            held.formUnion(taken)
        }
        if lookedAt.map({ instant - $0 > configuration.full }) ?? true {
            lookedAt = instant
            floor = .distantPast
        }
        let now = try await store.now()
        let horizon = now + configuration.lookahead
        if held.isEmpty { return 0 }
        guard try await hints.pressure().fullestShard < configuration.queueLimit else { return nil }
        let sent = try await send(before: horizon, now: now, isStopping)
        floor = horizon
        return sent
    }

    /// Page by page of all buckets, so that the earliest of all come first.
    private func send(before horizon: Timestamp, now: Timestamp, _ isStopping: () -> Bool) async throws -> Int {
        var sent = 0
        var places = held.sorted().flatMap { WakeGroups.buckets(of: $0) }.map { WakePlace(bucket: $0, due: floor) }
        while !places.isEmpty, !isStopping() {
            let rows = try await store.wakes(places, before: horizon, limit: configuration.page)
            if !rows.isEmpty {
                _ = try await hints.send(
                    rows.map { StepHint.message($0.execution, tenant: $0.tenant, delay: max(.zero, $0.due - now)) })
                sent += rows.count
            }
            let byBucket = Dictionary(grouping: rows, by: \.bucket)
            places = byBucket.sorted { $0.key < $1.key }.compactMap { bucket, rows in
                guard rows.count == configuration.page, let last = rows.last else { return nil }
                return WakePlace(bucket: bucket, due: last.due, execution: last.execution)
            }
        }
        return sent
    }
}
