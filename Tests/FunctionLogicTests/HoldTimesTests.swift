import Calls
import Model
import Queue
import TestRandom
import Testing

@Suite struct HoldTimesTests {
    private let start = ContinuousClock.now
    private var random = SeededGenerator(seed: 7)

    @Test mutating func `a call's wait doubles, from two seconds to a minute`() {
        var waited: Duration = .zero
        var waits: [Duration] = []
        for _ in 0..<40 {
            var times = HoldTimes()
            let time = times.time(for: .tenant("a"), waited: waited, at: start + waited, using: &random)
            #expect(time >= HoldTimes.shortest && time <= HoldTimes.longest && time <= max(waited, HoldTimes.shortest))
            waited += time
            waits.append(time)
        }
        #expect(waits[0] == .seconds(2) && waits.suffix(20).allSatisfy { $0 >= .seconds(45) })
        // Forty waits take more than 25 minutes.
        #expect(waited > .seconds(1_500))
    }

    @Test mutating func `calls of a group come back at about 20 a second, and those of another are not held up`() {
        var times = HoldTimes()
        var waits: [Duration] = []
        for _ in 0..<40_000 { waits.append(times.time(for: .tenant("a"), waited: .zero, at: start, using: &random)) }
        for second in 3..<1_990 {
            let range = Duration.seconds(second)..<(.seconds(second + 1))
            #expect(waits.lazy.filter { range.contains($0) }.count <= 21, "second \(second)")
        }
        #expect(times.time(for: .host("a"), waited: .zero, at: start, using: &random) == .seconds(2))
        times.forget(.tenant("a"))
        #expect(times.time(for: .tenant("a"), waited: .zero, at: start, using: &random) == .seconds(2))
    }

    @Test mutating func `no wait is longer than an hour, however many there are`() {
        var times = HoldTimes()
        var longest: Duration = .zero
        for _ in 0..<200_000 {
            longest = max(longest, times.time(for: .tenant("a"), waited: .zero, at: start, using: &random))
        }
        #expect(longest <= HoldTimes.longestTurn)
    }
}
