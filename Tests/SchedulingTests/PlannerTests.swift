import Model
import TestRandom
import Testing

@testable import Scheduling

@Suite struct PlannerTests {
    let planner = Planner(zones: TestZones.catalog)
    let start = Timestamp("2026-06-01T12:00:00Z")!

    private func every(_ period: Duration, margin: Margin = .omitted, missed: MissedPolicy = .last) -> Timing {
        Timing(when: [.every(Every(period: period, anchor: start))], margin: margin, missed: missed)
    }
    private func cron(_ text: String, margin: Margin = .omitted, missed: MissedPolicy = .last) throws -> Timing {
        Timing(when: [.cron(CronEntry(try CronExpression(text)))], margin: margin, missed: missed)
    }
    private func plan(
        _ timing: Timing, cursor: Timestamp, now: Timestamp, through: Duration = .seconds(60), fired: Int = 0,
        ahead: Range<Timestamp>? = nil
    ) -> Plan {
        var load = LoadHistogram()
        let request = PlanRequest(timing: timing, seed: 42, cursor: cursor, fired: fired, ahead: ahead)
        return planner.plan([request], now: now, horizon: now + through, load: &load)[0]
    }

    @Test func `an occurrence without a margin is placed exactly, and useful for a quarter of the gap or a minute`() {
        for (period, useful) in [(10, 60), (240, 60), (3_600, 900), (2_592_000, 604_800)] {
            let plan = plan(every(.seconds(period)), cursor: start, now: start - .seconds(5), through: .seconds(6))
            #expect(
                plan.triggers == [
                    PlannedOccurrence(occurrence: start, plannedAt: start, deadline: start + .seconds(useful))
                ])
            #expect(plan.next == start + .seconds(period) && plan.fired == 1 && plan.lapses.isEmpty)
        }
        let once = plan(Timing(when: [.at(start)]), cursor: start, now: start)
        #expect(once.triggers.first?.deadline == start + .seconds(604_800) && once.next == nil)
        let zero = plan(every(.seconds(3_600), margin: .duration(.zero)), cursor: start, now: start)
        #expect(zero.triggers.first?.plannedAt == start && zero.triggers.first?.deadline == start + .seconds(60))
    }

    @Test func `several occurrences in one pass are each planned, also of a period shorter than the pass`() {
        let plan = plan(every(.seconds(1)), cursor: start, now: start)
        #expect(plan.triggers.map(\.occurrence) == (0..<60).map { start + .seconds($0) })
        #expect(plan.next == start + .seconds(60) && plan.fired == 60)
    }

    @Test func `what was planned ahead of the cursor is passed over, before it and after it is planned`() {
        // It went back to an occurrence that was cancelled; three of those after it have their triggers.
        let ahead = start + .seconds(15)..<start + .seconds(50)
        for back in [0, 100] as [Int64] {
            let plan = plan(
                every(.seconds(10), margin: .duration(.seconds(600)), missed: .all), cursor: start,
                now: start + .seconds(back), ahead: ahead)
            let wanted = ([0, 1] + (5..<(back + 60) / 10)).map { start + .seconds($0 * 10) }
            #expect(plan.triggers.map(\.occurrence) == wanted && plan.ahead == nil && plan.lapses.isEmpty)
        }
        let lapsed = plan(
            every(.seconds(10), missed: .skip), cursor: start, now: start + .seconds(3_600), ahead: ahead)
        #expect(lapsed.lapses.reduce(0) { $0 + $1.count } + lapsed.triggers.count == 366 - 3)
        // Planned further ahead than this pass looks: it goes on behind that.
        let far = plan(every(.seconds(10)), cursor: start, now: start, through: .seconds(20), ahead: ahead)
        #expect(far.triggers.map(\.occurrence) == [start, start + .seconds(10)] && far.next == start + .seconds(50))
    }

    @Test func `a margin longer than the period leaves every trigger inside its own window`() {
        let plan = plan(every(.seconds(10), margin: .duration(.seconds(300))), cursor: start, now: start)
        #expect(plan.triggers.count == 6)
        for trigger in plan.triggers {
            #expect(trigger.occurrence <= trigger.plannedAt && trigger.plannedAt <= trigger.occurrence + .seconds(300))
            #expect(trigger.deadline == max(trigger.occurrence + .seconds(300), trigger.plannedAt + .seconds(60)))
        }
    }

    @Test func `a share of the gap is the margin`() throws {
        var timing = try cron("0 0 1 * *", margin: .share(5_000))
        timing.spread = .none
        let first = Timestamp("2026-06-01T00:00:00Z")!
        // Half of June's 30 days would be 15; no window is longer than 7.
        #expect(plan(timing, cursor: first, now: first).triggers.first?.deadline == first + .seconds(604_800))
        timing.margin = .share(100)
        #expect(plan(timing, cursor: first, now: first).triggers.first?.deadline == first + .seconds(25_920))
    }

    @Test func `a spread by hash is the schedule's own and always the same`() {
        var timing = every(.seconds(3_600), margin: .duration(.seconds(600)))
        timing.spread = .hash
        let plans = plan(timing, cursor: start, now: start, through: .seconds(3 * 3_600)).triggers
        let offsets = Set(plans.map { $0.plannedAt - $0.occurrence })
        #expect(plans.count == 3 && offsets.count == 1)
        #expect((.zero...(.seconds(600))).contains(offsets.first!))
    }

    @Test func `a spread by hash spreads schedules over their whole margin`() {
        var timing = every(.seconds(3_600), margin: .duration(.seconds(600)))
        timing.spread = .hash
        var load = LoadHistogram()
        let requests = (0..<200).map { PlanRequest(timing: timing, seed: UInt64($0), cursor: start) }
        let offsets = planner.plan(requests, now: start, horizon: start + .seconds(60), load: &load)
            .map { $0.triggers[0].plannedAt - start }
        #expect(Set(offsets).count > 190 && offsets.allSatisfy { .zero <= $0 && $0 <= .seconds(600) })
        #expect(offsets.contains { $0 < .seconds(60) } && offsets.contains { $0 > .seconds(540) })
    }

    @Test func `an occurrence up to three seconds old is on time`() {
        let skip = every(.seconds(3_600), missed: .skip)
        #expect(plan(skip, cursor: start, now: start + .seconds(3)).triggers.map(\.plannedAt) == [start + .seconds(3)])
        let late = plan(skip, cursor: start, now: start + .microseconds(3_000_001))
        #expect(late.triggers.isEmpty)
        #expect(late.lapses == [MissedRun(reason: .skipped, count: 1, first: start, last: start)])
    }

    @Test func `the clock stepping back plans nothing twice, stepping forward misses nothing`() {
        let timing = every(.seconds(10))
        let first = plan(timing, cursor: start, now: start)
        let back = plan(timing, cursor: first.next!, now: start - .seconds(3_600), through: .seconds(3_620))
        #expect(back.triggers.isEmpty && back.next == first.next && back.lapses.isEmpty)
        let forward = plan(timing, cursor: back.next!, now: start + .seconds(600))
        let counted = forward.lapses.reduce(0) { $0 + $1.count } + forward.triggers.count
        #expect(counted == 60)
    }

    @Test(arguments: [MissedPolicy.skip, .last, .all])
    func `after a year's pause everything is accounted for`(missed: MissedPolicy) throws {
        let now = start + .seconds(365 * 86_400) + .milliseconds(500)
        for (timing, total) in [
            (every(.seconds(1), missed: missed), 31_536_000), (try cron("* * * * *", missed: missed), 525_600),
            (try cron("* * * * * *", margin: .duration(.seconds(90)), missed: missed), 31_536_000),
        ] {
            let plan = plan(timing, cursor: start, now: now, through: .milliseconds(400))
            let lapsed = plan.lapses.reduce(0) { $0 + $1.count }
            #expect(lapsed + plan.triggers.count == total + 1)
            #expect(
                plan.lapses.count <= 2 && plan.lapses.first?.reason == .expired && plan.lapses.first?.first == start)
            #expect(plan.triggers.allSatisfy { $0.plannedAt >= now && $0.deadline >= $0.plannedAt + .seconds(60) })
            #expect(plan.next! > now && plan.ahead == nil)
        }
    }

    @Test func `missed occurrences follow the policy inside their usefulness, and expire outside`() {
        // Useful for 15 minutes: of 12:00, 13:00 and 14:00 only the last at 14:10.
        let now = start + .seconds(2 * 3_600 + 600)
        let expired = MissedRun(reason: .expired, count: 2, first: start, last: start + .seconds(3_600))
        let last = plan(every(.seconds(3_600)), cursor: start, now: now)
        #expect(last.triggers.map(\.occurrence) == [start + .seconds(7_200)] && last.lapses == [expired])
        #expect(last.triggers[0].plannedAt == now && last.triggers[0].deadline == start + .seconds(7_200 + 900))
        let skip = plan(every(.seconds(3_600), missed: .skip), cursor: start, now: now)
        #expect(skip.triggers.isEmpty && skip.lapses.map(\.reason) == [.expired, .skipped])
        // Useful for a day: all three.
        let day = Margin.duration(.seconds(86_400))
        let all = plan(every(.seconds(3_600), margin: day, missed: .all), cursor: start, now: now)
        #expect(all.triggers.count == 3 && all.lapses.isEmpty)
        let newest = plan(every(.seconds(3_600), margin: day), cursor: start, now: now)
        #expect(newest.triggers.count == 1)
        #expect(newest.lapses == [MissedRun(reason: .skipped, count: 2, first: start, last: start + .seconds(3_600))])
    }

    @Test(arguments: [Margin.omitted, .duration(.seconds(900)), .share(2_500)])
    func `an occurrence is useful up to and including its last microsecond`(margin: Margin) throws {
        for timing in [every(.seconds(3_600), margin: margin), try cron("0 * * * *", margin: margin)] {
            let end = start + .seconds(900)
            #expect(plan(timing, cursor: start, now: end).triggers.map(\.occurrence) == [start])
            let late = plan(timing, cursor: start, now: end + .microseconds(1))
            #expect(late.triggers.isEmpty && late.lapses.map(\.reason) == [.expired])
        }
    }

    @Test func `all catches up by a thousand a pass while live occurrences go on, each planned once`() {
        let timing = every(.seconds(1), margin: .duration(.seconds(86_400)), missed: .all)
        var now = start + .seconds(5_000)
        var cursor = start
        var ahead: Range<Timestamp>?
        var seen: [Timestamp] = []
        for pass in 0..<8 {
            let plan = plan(timing, cursor: cursor, now: now, through: .seconds(10), ahead: ahead)
            if pass < 4 {
                #expect(plan.next == start + .seconds(1_000 * (pass + 1)) && plan.ahead != nil)
                #expect(plan.triggers.contains { $0.occurrence >= now })
            }
            seen += plan.triggers.map(\.occurrence)
            (cursor, ahead) = (plan.next!, plan.ahead)
            now = now + .seconds(8)
        }
        #expect(ahead == nil)
        #expect(seen.sorted() == (0..<5_000 + 7 * 8 + 10).map { start + .seconds($0) })
    }

    @Test func `a second outage while catching up loses and repeats nothing`() {
        let timing = every(.seconds(1), margin: .duration(.seconds(86_400)), missed: .all)
        var now = start + .seconds(2_500)
        var cursor = start
        var ahead: Range<Timestamp>?
        var seen: [Timestamp] = []
        for outage in [0, 900, 0, 700, 0, 0, 0, 0] {
            now = now + .seconds(outage)
            let plan = plan(timing, cursor: cursor, now: now, through: .seconds(10), ahead: ahead)
            seen += plan.triggers.map(\.occurrence)
            (cursor, ahead) = (plan.next!, plan.ahead)
        }
        #expect(cursor == now + .seconds(10) && ahead == nil)
        #expect(seen.sorted() == (0..<2_500 + 1_600 + 10).map { start + .seconds($0) })
    }

    @Test func `random walks plan every occurrence exactly once or let it lapse`() throws {
        for seed in 0..<120 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var timing = Timing.random(zones: ["Europe/Berlin", "UTC"], using: &random)
            timing.from = nil
            timing.until = nil
            timing.maxTriggers = nil
            var now = start
            let first = CompiledTiming(timing, zones: TestZones.catalog).next(atOrAfter: start)
            guard var cursor = first else { continue }
            var ahead: Range<Timestamp>?
            var count = 0
            var planned: Set<Timestamp> = []
            var isFinished = false
            for _ in 0..<30 where !isFinished {
                now = now + .seconds(Int.random(in: -600...40_000, using: &random))
                let plan = plan(timing, cursor: cursor, now: now, through: .seconds(62), ahead: ahead)
                for trigger in plan.triggers {
                    #expect(planned.insert(trigger.occurrence).inserted, "seed \(seed)")
                    #expect(trigger.plannedAt >= max(trigger.occurrence, now), "seed \(seed)")
                    #expect(trigger.deadline >= trigger.plannedAt + .seconds(60), "seed \(seed)")
                }
                count += plan.triggers.count + plan.lapses.reduce(0) { $0 + $1.count }
                isFinished = plan.next == nil
                if let next = plan.next {
                    #expect(next >= cursor, "seed \(seed)")
                    cursor = next
                }
                ahead = plan.ahead
            }
            guard ahead == nil else { continue }
            let end = isFinished ? Timestamp.distantFuture : cursor
            let expected = CompiledTiming(timing, zones: TestZones.catalog).run(from: start, before: end)?.count ?? 0
            #expect(count == expected, "seed \(seed)")
        }
    }

    @Test func `upcoming and what is left of maxTriggers agree with what is planned`() throws {
        for seed in 0..<60 as Range<UInt64> {
            var random = SeededGenerator(seed: seed &+ 9_000)
            var timing = Timing.random(zones: ["Europe/Berlin", "America/New_York", "UTC"], using: &random)
            if seed % 3 > 0 { timing.maxTriggers = Int.random(in: 1...40, using: &random) }
            let first = CompiledTiming(timing, zones: TestZones.catalog).next(atOrAfter: start)
            guard var cursor = first else { continue }
            let wanted = min(25, timing.maxTriggers ?? 25)
            let before = start - .microseconds(1)
            let upcoming = timing.upcoming(after: before, count: wanted, zones: TestZones.catalog)
            guard let end = upcoming.last else { continue }
            // A loader that looks every now and then, never so late that anything is missed.
            var planned: [Timestamp] = []
            var fired = 0
            var isFinished = false
            while planned.count < wanted, !isFinished {
                let now = max(start, cursor - .seconds(1))
                let plan = plan(timing, cursor: cursor, now: now, through: .seconds(30), fired: fired)
                planned += plan.triggers.map(\.occurrence)
                fired = plan.fired
                isFinished = plan.next == nil
                cursor = plan.next ?? cursor
                guard !isFinished, timing.maxTriggers != nil else { continue }
                let left = timing.remainder(cursor: cursor, fired: fired, now: now, zones: TestZones.catalog)
                #expect(left?.next == cursor && left?.triggers == timing.maxTriggers! - fired, "seed \(seed)")
            }
            #expect(Array(planned.prefix(wanted)) == upcoming, "seed \(seed)")
            #expect(timing.count(from: start, through: end, zones: TestZones.catalog) == upcoming.count, "seed \(seed)")
        }
    }

    @Test func `what is left of maxTriggers counts what runs of what was missed, and nothing else`() {
        var timing = every(.seconds(3_600))
        timing.maxTriggers = 5
        func left(_ missed: MissedPolicy, hours: Double, fired: Int = 0) -> Int? {
            timing.missed = missed
            let now = start + .milliseconds(Int64(hours * 3_600_000))
            return timing.remainder(cursor: start, fired: fired, now: now, zones: TestZones.catalog)?.triggers
        }
        timing.margin = .duration(.seconds(86_400))
        #expect(left(.skip, hours: 10.5) == 5 && left(.last, hours: 10.5) == 4 && left(.all, hours: 3.5) == 1)
        #expect(left(.all, hours: 10.5) == nil && left(.last, hours: 10.5, fired: 4) == nil)
        timing.maxTriggers = 2_500
        timing.when = [.every(Every(period: .seconds(1), anchor: start))]
        // More than one pass catches up.
        #expect(left(.all, hours: 0.5) == 2_500 - 1_800)
    }

    @Test func `a limit of triggers finishes the schedule, also when some were planned before`() {
        var timing = every(.seconds(10))
        timing.maxTriggers = 5
        let first = plan(timing, cursor: start, now: start, through: .seconds(30))
        #expect(first.triggers.count == 3 && first.fired == 3 && first.next == start + .seconds(30))
        let second = plan(timing, cursor: first.next!, now: start + .seconds(30), fired: first.fired)
        #expect(second.triggers.count == 2 && second.fired == 5 && second.next == nil)
        #expect(plan(timing, cursor: start, now: start, fired: 5).next == nil)
    }

    @Test func `until finishes the schedule`() throws {
        var timing = every(.seconds(10))
        timing.until = start + .seconds(20)
        let plan = plan(timing, cursor: start, now: start)
        #expect(plan.triggers.count == 3 && plan.next == nil)
        // The gap to the next occurrence is that of the calendar, so that the last one is useful as long as the others.
        let last = try #require(plan.triggers.last)
        #expect(last.deadline - last.occurrence == .seconds(60))
    }

    @Test func `a time zone that is gone plans nothing and keeps the cursor`() throws {
        let timing = Timing(when: [.cron(CronEntry(try CronExpression("0 9 * * *"), timeZone: "Mars/Olympus"))])
        let plan = plan(timing, cursor: start, now: start + .seconds(86_400))
        #expect(
            plan.missingZone == "Mars/Olympus" && plan.next == start && plan.triggers.isEmpty && plan.lapses.isEmpty)
    }
}
