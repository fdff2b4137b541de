import Model
import TestRandom
import Testing

@testable import Scheduling

@Suite struct SmoothingTests {
    let start = Timestamp("2026-06-01T12:00:00Z")!

    private func request(_ seed: UInt64, at occurrence: Timestamp, margin: Margin) -> PlanRequest {
        PlanRequest(timing: Timing(when: [.at(occurrence)], margin: margin), seed: seed, cursor: occurrence)
    }

    /// The seconds in which a trigger may be placed.
    struct Window: Hashable {
        var start: Int64
        var end: Int64
    }

    /// The least possible peak: no plan puts fewer into the seconds of an interval than the triggers whose windows lie in it
    /// (the intensity of Yao, Demers and Shenker), rounded up to whole triggers.
    private func optimum(_ windows: [Window]) -> Int {
        let counts = Dictionary(windows.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key.end < $1.key.end }
        var peak = 0
        for start in Set(windows.map(\.start)) {
            var inside = 0
            for (window, count) in counts where window.start >= start {
                inside += count
                let length = Int(window.end - start)
                peak = max(peak, (inside + length - 1) / length)
            }
        }
        return peak
    }

    @Test func `60,000 due in the same second with 15 minutes of margin go out at the 67 a second of the optimum`() {
        var load = LoadHistogram()
        let requests = (0..<60_000).map { request(UInt64($0), at: start, margin: .duration(.seconds(900))) }
        // In batches of 2,000, as a loader plans them.
        for batch in stride(from: 0, to: requests.count, by: 2_000) {
            let plans = Planner(zones: TestZones.catalog, tieOffset: 12_345)
                .plan(
                    Array(requests[batch..<batch + 2_000]), now: start - .seconds(5), horizon: start + .seconds(60),
                    load: &load)
            #expect(plans.allSatisfy { $0.triggers.count == 1 && $0.next == nil })
        }
        #expect((0..<900).allSatisfy { (66...67).contains(load[start.seconds + $0]) })
        #expect(load.changes.reduce(0) { $0 + $1.count } == 60_000)
    }

    @Test func `without a margin 60,000 stay in their second`() {
        var load = LoadHistogram()
        let requests = (0..<60_000).map { request(UInt64($0), at: start, margin: .omitted) }
        let plans = Planner(zones: TestZones.catalog)
            .plan(requests, now: start - .seconds(5), horizon: start + .seconds(60), load: &load)
        #expect(plans.allSatisfy { $0.triggers.first?.plannedAt == start })
        #expect(load[start.seconds] == 60_000)
    }

    /// Triggers of random windows and their requests.
    private func random(_ seed: UInt64) -> (windows: [Window], requests: [PlanRequest]) {
        var random = SeededGenerator(seed: seed)
        var windows: [Window] = []
        var requests: [PlanRequest] = []
        let lengths = [[60, 600, 3_600], [30, 900], [20, 40, 80, 160, 320], [10, 3_600]][Int(seed % 4)]
        for index in 0..<8_000 as Range<UInt64> {
            // Many at full minutes, as people write them.
            let isFull = Bool.random(using: &random)
            let second = isFull ? Int.random(in: 0...3, using: &random) * 60 : Int.random(in: 0..<240, using: &random)
            let length = lengths.randomElement(using: &random)!
            windows.append(Window(start: start.seconds + Int64(second), end: start.seconds + Int64(second + length)))
            requests.append(request(index, at: start + .seconds(second), margin: .duration(.seconds(length))))
        }
        return (windows, requests)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `the peak of a pass is the lowest possible`(seed: UInt64) {
        let (windows, requests) = random(seed)
        var load = LoadHistogram()
        let plans = Planner(zones: TestZones.catalog, tieOffset: seed &* 0x9E37_79B9_7F4A_7C15)
            .plan(requests, now: start - .seconds(5), horizon: start + .seconds(300), load: &load)
        for (plan, window) in zip(plans, windows) {
            let second = plan.triggers[0].plannedAt.seconds
            #expect(window.start <= second && second < window.end, "seed \(seed)")
        }
        #expect(load.changes.map(\.count).max() == optimum(windows), "seed \(seed)")
        #expect(load.changes.reduce(0) { $0 + $1.count } == requests.count)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `a backlog after an outage goes out at the lowest possible peak, within the margins`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Ten minutes of outage; what was due then has its margin of half an hour or more still, in part.
        let now = start + .seconds(600)
        var windows: [Window] = []
        var requests: [PlanRequest] = []
        for index in 0..<8_000 as Range<UInt64> {
            let second = Int.random(in: 0..<660, using: &random)
            let length = [700, 1_200, 3_600].randomElement(using: &random)!
            let begin = max(start + .seconds(second), now)
            windows.append(Window(start: begin.seconds, end: start.seconds + Int64(second + length)))
            requests.append(request(index, at: start + .seconds(second), margin: .duration(.seconds(length))))
        }
        var load = LoadHistogram()
        let plans = Planner(zones: TestZones.catalog).plan(
            requests, now: now, horizon: now + .seconds(120), load: &load)
        for (plan, window) in zip(plans, windows) {
            let second = plan.triggers[0].plannedAt.seconds
            #expect(window.start <= second && second < window.end && plan.lapses.isEmpty, "seed \(seed)")
        }
        #expect(load.changes.map(\.count).max() == optimum(windows), "seed \(seed)")
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `due in one second, in batches as a loader claims them, a mix of windows reaches the optimum`(seed: UInt64) {
        let lengths = random(seed).windows.map { $0.end - $0.start }
        let windows = lengths.map { Window(start: start.seconds, end: start.seconds + $0) }
        var load = LoadHistogram()
        for batch in stride(from: 0, to: lengths.count, by: 2_000) {
            let requests = (batch..<batch + 2_000).map {
                request(UInt64($0), at: start, margin: .duration(.seconds(lengths[$0])))
            }
            _ = Planner(zones: TestZones.catalog)
                .plan(requests, now: start - .seconds(5), horizon: start + .seconds(2), load: &load)
        }
        let peak = load.changes.map(\.count).max()!
        #expect(Double(peak) <= 1.1 * Double(optimum(windows)), "seed \(seed)")
    }

    /// As a loader does it: each second it plans what is due within 7 s, at most 2,000 at a time, and what is placed stays
    /// (decision 0016).
    @Test(arguments: 0..<8 as Range<UInt64>)
    func `planned a few seconds ahead and in batches, the peak stays within 1.7 times that of a plan that knows all`(
        seed: UInt64
    ) {
        let (windows, requests) = random(seed)
        let planner = Planner(zones: TestZones.catalog, tieOffset: seed &* 0x9E37_79B9_7F4A_7C15)
        var load = LoadHistogram()
        var open = requests.sorted { $0.cursor < $1.cursor }[...]
        for second in -7..<240 {
            let now = start + .seconds(second)
            while let first = open.first, first.cursor < now + .seconds(7) {
                let batch = open.prefix(2_000).prefix { $0.cursor < now + .seconds(7) }
                open = open.dropFirst(batch.count)
                _ = planner.plan(Array(batch), now: now, horizon: now + .seconds(7), load: &load)
            }
        }
        let ratio = Double(load.changes.map(\.count).max()!) / Double(optimum(windows))
        #expect(load.changes.reduce(0) { $0 + $1.count } == requests.count)
        #expect(ratio <= 1.7, "seed \(seed)")
    }

    @Test func `a peak that cannot be lowered does not keep others from being lowered`() {
        let (windows, requests) = random(1)
        let batch = (0..<500).map { request($0, at: start + .seconds(5_000), margin: .duration(.seconds(2))) }
        var load = LoadHistogram()
        _ = Planner(zones: TestZones.catalog)
            .plan(batch + requests, now: start - .seconds(5), horizon: start + .seconds(6_000), load: &load)
        let peak = load.changes.filter { $0.second < start.seconds + 5_000 }.map(\.count).max()
        #expect(load[start.seconds + 5_000] == 250 && peak == optimum(windows))
    }

    @Test func `shards that do not know of each other do not choose the same seconds`() {
        var total: [Int64: Int] = [:]
        for shard in 0..<16 as Range<UInt64> {
            var load = LoadHistogram()
            var hash = StableHash()
            hash.combine(shard)
            let requests = (0..<100).map { request(UInt64($0), at: start, margin: .duration(.seconds(1_600))) }
            _ = Planner(zones: TestZones.catalog, tieOffset: hash.value)
                .plan(requests, now: start, horizon: start + .seconds(60), load: &load)
            for change in load.changes { total[change.second, default: 0] += change.count }
        }
        // One a second is the optimum; all from the first second on, sixteen would meet in each of a hundred.
        #expect(total.values.max()! <= 5)
    }

    @Test func `what is planned already is avoided, and a late window begins now`() {
        let busy = (0..<30).map { (second: start.seconds + $0, count: 9) }
        var load = LoadHistogram(busy)
        let plans = Planner(zones: TestZones.catalog).plan(
            (0..<10).map { request($0, at: start - .seconds(20), margin: .duration(.seconds(60))) }, now: start,
            horizon: start + .seconds(60), load: &load)
        #expect(plans.allSatisfy { $0.triggers[0].plannedAt >= start + .seconds(30) })
        #expect(Set(load.changes.map(\.count)) == [1])
    }

    @Test func `the least loaded second is what a plain search finds`() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...70, using: &random)
            var counts = (0..<count).map { _ in Int.random(in: 0...3, using: &random) }
            let load = LoadHistogram(counts.enumerated().map { (second: 1_000 + Int64($0.offset), count: $0.element) })
            var tree = LeastLoadedSeconds(1_000...1_000 + Int64(count - 1), load: load)
            for _ in 0..<100 {
                let low = Int.random(in: 0..<count, using: &random)
                let high = Int.random(in: low..<count, using: &random)
                let preferred = Int.random(in: low...high, using: &random)
                let least = counts[low...high].min()!
                let expected = (Array(preferred...high) + Array(low..<preferred)).first { counts[$0] == least }!
                let found = tree.take(
                    from: 1_000 + Int64(low), through: 1_000 + Int64(high), preferred: 1_000 + Int64(preferred))
                #expect(found == 1_000 + Int64(expected), "seed \(seed)")
                counts[expected] += 1
            }
        }
    }

    @Test func `changes are what was added, not what was read`() {
        var load = LoadHistogram([(second: 100, count: 5), (second: -1, count: 1)])
        load.add(100)
        load.add(5_000, 2)
        load.add(-1, -7)
        load.add(7)
        load.add(7, -1)
        #expect(load[100] == 6 && load[-1] == 0 && load[5_000] == 2)
        #expect(
            load.changes == [
                LoadHistogram.Change(second: -1, count: -1), LoadHistogram.Change(second: 100, count: 1),
                LoadHistogram.Change(second: 5_000, count: 2),
            ])
    }
}
