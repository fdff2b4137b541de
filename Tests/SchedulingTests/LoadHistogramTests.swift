import Scheduling
import Testing

@Suite struct LoadHistogramTests {
    @Test func `a settled histogram keeps its counts, has no changes, and forgets the seconds that are over`() {
        var load = LoadHistogram([(second: 5_000, count: 3)])
        for second: Int64 in [5_000, 9_000, 90_000] { load.add(second) }
        #expect(load.changes.map(\.second) == [5_000, 9_000, 90_000])
        load.settle(before: 9_000)
        #expect(load.changes.isEmpty)
        #expect(load[5_000] == 0 && load[9_000] == 1 && load[90_000] == 1)
        #expect(load.counts.map(\.count).reduce(0, +) == 2)
        load.add(90_000)
        #expect(load[90_000] == 2 && load.changes.map(\.count) == [1])
    }
}
