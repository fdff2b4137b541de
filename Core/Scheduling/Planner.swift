package import Model

/// Turns schedules and a time into triggers. Pure: the same requests, time and load give the same plans.
///
/// Triggers with a window are placed last, earliest end of window first, each into the least loaded second of its
/// window; then `LoadLevelling` moves those that are in the way of others. The peak is then the lowest possible (that
/// of Yao, Demers, Shenker: "A Scheduling Model for Reduced CPU Energy", 1995) for what is known in the pass.
package struct Planner: Sendable {
    /// How old an occurrence may be and still be on time.
    package static let onTime = Duration.seconds(3)

    private let zones: ZoneCatalog
    private let tieOffset: UInt64

    /// A planner for one shard.
    ///
    /// - Parameter tieOffset: a hash of the shard. Among equally loaded seconds the first one from this far into the
    ///   window is taken, so that shards, which do not know each other's load, do not all choose the same.
    package init(zones: ZoneCatalog, tieOffset: UInt64 = 0) {
        self.zones = zones
        self.tieOffset = tieOffset
    }

    /// Plans every occurrence from each cursor on and before the horizon; the plans are in the order of the requests.
    ///
    /// An occurrence up to 3 s before `now` is on time. Older ones are missed: the schedule's policy decides.
    ///
    /// - Parameter load: every trigger planned here is added to it, including those without a window.
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

        /// The schedule's own millisecond of a second, so that the triggers of a second are spread over it.
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
