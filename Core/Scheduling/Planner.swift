package import Model

/// Turns schedules and the time into triggers. It decides nothing by itself: the same requests, time and load give the
/// same plans.
///
/// Triggers with a window are placed last, those whose windows end first before the others, each into the least loaded
/// second of its window; then `LoadLevelling` moves those that stand in the way of others. So the peak is the lowest possible
/// (that of Yao, Demers, Shenker: "A Scheduling Model for Reduced CPU Energy", 1995) for what is known in the pass.
package struct Planner: Sendable {
    /// An occurrence is on time while it is no older than this.
    package static let onTime = Duration.seconds(3)

    private let zones: ZoneCatalog
    private let tieOffset: UInt64

    /// - Parameter tieOffset: a hash of the shard. Of equally loaded seconds the first one from so far into the window is
    ///   taken, so that shards, who do not know of each other's load, do not all choose the same.
    package init(zones: ZoneCatalog, tieOffset: UInt64 = 0) {
        self.zones = zones
        self.tieOffset = tieOffset
    }

    /// Plans every occurrence from each cursor on and before the horizon; the plans are in the order of the requests.
    ///
    /// An occurrence up to 3 s before `now` is on time. Older ones are missed: they follow the schedule's policy.
    ///
    /// - Parameter load: counts every trigger planned here, those without a window too.
    package func plan(
        _ requests: [PlanRequest], now: Timestamp, horizon: Timestamp, load: inout LoadHistogram
    ) -> [Plan] {
        var plans: [Plan] = []
        plans.reserveCapacity(requests.count)
        var movable: [Movable] = []
        for request in requests {
            let draft = PlanDraft(request, zones: zones, now: now, horizon: horizon)
            for (trigger, end) in draft.windows {
                movable.append(
                    Movable(
                        plan: plans.count, trigger: trigger, start: draft.plan.triggers[trigger].plannedAt, end: end,
                        seed: request.seed))
            }
            count(draft, in: &load)
            plans.append(draft.plan)
        }
        place(movable, in: &plans, load: &load)
        return plans
    }

    /// A trigger that may be placed anywhere in a window.
    private struct Movable {
        var plan: Int
        var trigger: Int
        var start: Timestamp
        /// After `start`; the trigger is placed before it.
        var end: Timestamp
        var seed: UInt64

        var firstSecond: Int64 { start.seconds }
        var lastSecond: Int64 { (end - .microseconds(1)).seconds }

        /// At the schedule's own millisecond, so that the triggers of a second are spread over it.
        func time(in second: Int64) -> Timestamp {
            var hash = StableHash(seed: seed)
            hash.combine(2)
            let time = Timestamp(milliseconds: second * 1_000 + Int64(hash.value % 1_000))
            return min(max(time, start), end)
        }
    }

    /// Counts the triggers that stay where they are.
    private func count(_ draft: PlanDraft, in load: inout LoadHistogram) {
        var windows = draft.windows[...]
        for (index, trigger) in draft.plan.triggers.enumerated() {
            if windows.first?.trigger == index {
                windows.removeFirst()
            } else {
                load.add(trigger.plannedAt.seconds)
            }
        }
    }

    private func place(_ movable: [Movable], in plans: inout [Plan], load: inout LoadHistogram) {
        guard let first = movable.map(\.firstSecond).min(), let last = movable.map(\.lastSecond).max() else { return }
        var seconds = LeastLoadedSeconds(first...last, load: load)
        let byDeadline = movable.sorted { ($0.end, $0.start, $0.seed) < ($1.end, $1.start, $1.seed) }
        var levelling = LoadLevelling(first...last)
        for item in byDeadline {
            let length = UInt64(item.lastSecond - item.firstSecond + 1)
            let second = seconds.take(
                from: item.firstSecond, through: item.lastSecond,
                preferred: item.firstSecond + Int64(tieOffset % length))
            levelling.place(in: second, window: item.firstSecond...item.lastSecond)
        }
        levelling.level(&seconds)
        for (item, second) in zip(byDeadline, levelling.places) {
            load.add(second)
            plans[item.plan].triggers[item.trigger].place(at: item.time(in: second))
        }
    }
}
