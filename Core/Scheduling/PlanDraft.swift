import Model

/// The plan of one schedule, before its triggers are placed among those of others.
struct PlanDraft {
    let request: PlanRequest
    let timing: CompiledTiming
    let now: Timestamp
    /// Occurrences before it are missed: the oldest that is still on time, or the horizon if that is earlier.
    let boundary: Timestamp
    let horizon: Timestamp

    private(set) var plan: Plan
    /// The triggers that may be placed in a window, by index, and where it ends. It begins at their `plannedAt`.
    private(set) var windows: [(trigger: Int, end: Timestamp)] = []

    /// How old an occurrence may be and still be on time: loaders look at their schedules about once a second.
    static let onTime = Planner.onTime
    /// How many missed occurrences of one schedule `missed: all` runs in a pass.
    static let maximumMissed = 1_000

    init(_ request: PlanRequest, zones: ZoneCatalog, now: Timestamp, horizon: Timestamp) {
        self.request = request
        timing = CompiledTiming(request.timing, zones: zones)
        self.now = now
        self.horizon = horizon
        boundary = min(now - PlanDraft.onTime, horizon)
        plan = Plan(next: request.cursor, fired: request.fired)
        plan.missingZone = timing.missingZone
        if timing.missingZone != nil {
            plan.ahead = request.ahead
        } else if hasRoom {
            draft()
        } else {
            plan.next = nil
        }
    }

    private var hasRoom: Bool { plan.fired < request.timing.maxTriggers ?? .max }

    private mutating func draft() {
        // What was planned ahead matters only while the cursor is behind its end.
        let ahead = request.ahead.flatMap { request.cursor < $0.upperBound ? $0 : nil }
        let resume = planMissed(ahead: ahead)
        guard hasRoom else {
            plan.next = nil
            return
        }
        let live = max(request.cursor, boundary)
        guard let resume else {
            planLive(from: live, except: ahead)
            return
        }
        // Only one range can be remembered as planned ahead. If live planning would start a second one, catch up first.
        let begin = ahead.map { resume < $0.lowerBound ? $0.lowerBound : boundary } ?? boundary
        if let ahead, resume < ahead.lowerBound, ahead.upperBound < boundary {
            plan.ahead = ahead
        } else {
            planLive(from: live, except: ahead)
            plan.ahead = begin..<max(begin, horizon, ahead?.upperBound ?? begin)
        }
        plan.next = hasRoom ? resume : nil
    }

    private mutating func planLive(from start: Timestamp, except ahead: Range<Timestamp>?) {
        var next = timing.next(atOrAfter: start)
        while let occurrence = next, occurrence < horizon || ahead?.contains(occurrence) ?? false, hasRoom {
            if let ahead, ahead.contains(occurrence) {
                next = timing.next(atOrAfter: ahead.upperBound)
                continue
            }
            next = timing.next(after: occurrence)
            append(occurrence, gap: gap(after: occurrence, next: next))
        }
        plan.next = hasRoom ? next : nil
    }

    /// Plans or drops what lies before the boundary. Returns the first occurrence beyond the limit, if any.
    private mutating func planMissed(ahead: Range<Timestamp>?) -> Timestamp? {
        guard request.cursor < boundary else { return nil }
        var missed = MissedOccurrences(timing: timing, policy: request.timing, now: now, limit: PlanDraft.maximumMissed)
        if let ahead {
            missed.collect(from: request.cursor, before: min(ahead.lowerBound, boundary))
            if missed.resume == nil { missed.collect(from: max(ahead.upperBound, request.cursor), before: boundary) }
        } else {
            missed.collect(from: request.cursor, before: boundary)
        }
        for occurrence in missed.runnable where hasRoom {
            append(occurrence, gap: gap(after: occurrence, next: timing.next(after: occurrence)))
        }
        plan.lapses = missed.lapses
        return missed.resume
    }

    private func gap(after occurrence: Timestamp, next: Timestamp?) -> Int64? {
        next.map { $0.microseconds - occurrence.microseconds } ?? timing.gap(after: occurrence)?.microseconds
    }

    private mutating func append(_ occurrence: Timestamp, gap: Int64?) {
        let margin = request.timing.margin
        let window = margin.window(gap: gap)
        let usefulness = margin.usefulness(gap: gap, isAt: margin == .omitted && timing.isAt(occurrence))
        var planned = PlannedOccurrence(
            occurrence: occurrence, plannedAt: max(occurrence, now),
            deadline: Timestamp(microseconds: occurrence.microseconds + usefulness))
        let end = Timestamp(microseconds: occurrence.microseconds + window)
        switch request.timing.spread {
        case .none: break
        case .hash: planned.place(at: max(occurrence + offset(in: window), now))
        case .load: if planned.plannedAt < end { windows.append((plan.triggers.count, end)) }
        }
        planned.place(at: planned.plannedAt)
        plan.triggers.append(planned)
        plan.fired += 1
    }

    /// The schedule's own offset into a window, a whole millisecond.
    private func offset(in window: Int64) -> Duration {
        var hash = StableHash(seed: request.seed)
        hash.combine(1)
        return .milliseconds(Int64(hash.value.multipliedFullWidth(by: UInt64(window / 1_000 + 1)).high))
    }
}

extension PlannedOccurrence {
    /// Moves the trigger, and its deadline if that is too near.
    mutating func place(at time: Timestamp) {
        plannedAt = time
        deadline = max(deadline, time + Margin.leastUsefulness)
    }
}
