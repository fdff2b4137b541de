import Model

/// Sorts out occurrences that are past when they are planned: some run late, the others are counted as lapses.
struct MissedOccurrences {
    let timing: CompiledTiming
    /// For its margin and its policy for missed occurrences.
    let policy: Timing
    let now: Timestamp
    /// At most so many run.
    let limit: Int

    /// To be planned, ascending.
    private(set) var runnable: [Timestamp] = []
    /// The first that could have run but for the limit; nil if the limit was not reached.
    private(set) var resume: Timestamp?
    private var expired: OccurrenceRun?
    private var skipped: OccurrenceRun?

    init(timing: CompiledTiming, policy: Timing, now: Timestamp, limit: Int) {
        self.timing = timing
        self.policy = policy
        self.now = now
        self.limit = limit
    }

    /// At most one for each reason.
    var lapses: [MissedRun] {
        [(MissedRun.Reason.expired, expired), (.skipped, skipped)].compactMap { reason, run in
            run.map { MissedRun(reason: reason, count: $0.count, first: $0.first, last: $0.last) }
        }
    }

    /// Adds the occurrences of a range; ranges must come in ascending order.
    mutating func collect(from start: Timestamp, before end: Timestamp) {
        guard start < end else { return }
        let longest = constantUsefulness ?? Margin.maximum.microseconds
        let cutoff = max(start, Timestamp(microseconds: now.microseconds - longest))
        expired.add(timing.run(from: start, before: min(cutoff, end)))
        guard cutoff < end else { return }
        if constantUsefulness != nil, policy.missed != .all {
            collectUseful(timing.run(from: cutoff, before: end))
        } else {
            collectEach(from: cutoff, before: end)
        }
    }

    /// How long an occurrence is useful; nil if that depends on the gap to the next one, and the gap on the calendar.
    private var constantUsefulness: Int64? {
        if case .duration = policy.margin { return policy.margin.usefulness(gap: nil, isAt: false) }
        return timing.soleEvery.map { policy.margin.usefulness(gap: $0.period * 1_000, isAt: false) }
    }

    private mutating func collectUseful(_ run: OccurrenceRun?) {
        guard let run else { return }
        if policy.missed == .last {
            replaceRunnable(by: run.last)
            skipped.add(timing.run(from: run.first, before: run.last))
        } else {
            skipped.add(run)
        }
    }

    private mutating func collectEach(from start: Timestamp, before end: Timestamp) {
        var next = timing.next(atOrAfter: start)
        while let occurrence = next, occurrence < end {
            next = timing.next(after: occurrence)
            guard isUseful(occurrence, next: next) else {
                expired.add(OccurrenceRun(occurrence))
                continue
            }
            switch policy.missed {
            case .skip: skipped.add(OccurrenceRun(occurrence))
            case .last: replaceRunnable(by: occurrence)
            case .all:
                guard runnable.count < limit else {
                    resume = occurrence
                    return
                }
                runnable.append(occurrence)
            }
        }
    }

    private mutating func replaceRunnable(by occurrence: Timestamp) {
        for earlier in runnable { skipped.add(OccurrenceRun(earlier)) }
        runnable = [occurrence]
    }

    private func isUseful(_ occurrence: Timestamp, next: Timestamp?) -> Bool {
        let gap = next.map { $0 - occurrence } ?? timing.gap(after: occurrence)
        let isAt = policy.margin == .omitted && timing.isAt(occurrence)
        let usefulness = policy.margin.usefulness(gap: gap?.microseconds, isAt: isAt)
        return now.microseconds <= occurrence.microseconds + usefulness
    }
}

extension OccurrenceRun {
    fileprivate init(_ occurrence: Timestamp) { self.init(count: 1, first: occurrence, last: occurrence) }
}

extension OccurrenceRun? {
    /// Appends a later run.
    fileprivate mutating func add(_ later: OccurrenceRun?) {
        guard let later else { return }
        self = OccurrenceRun(
            count: (self?.count ?? 0) + later.count, first: self?.first ?? later.first, last: later.last)
    }
}
