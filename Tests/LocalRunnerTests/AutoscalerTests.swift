import LocalRunner
import TestRandom
import Testing

@Suite struct AutoscalerTests {
    private let now = ContinuousClock.now

    @Test(arguments: [
        (0, 0, 2), (1, 0, 2), (2_000, 0, 2), (2_001, 0, 3), (1_500, 501, 3), (4_000, 0, 4), (1_000_000, 0, 4),
        (-5, 0, 2),
    ]) func `wants a process for every ten batches, within the concurrency`(ready: Int, inFlight: Int, wanted: Int) {
        let autoscaler = Autoscaler(concurrency: 2...4, batch: 100)
        #expect(autoscaler.wanted(QueueDepth(ready: ready, inFlight: inFlight)) == wanted)
    }

    @Test func `a function that may have no process starts one for the first message`() {
        let autoscaler = Autoscaler(concurrency: 0...4, batch: 100)
        #expect(autoscaler.starts(QueueDepth(ready: 0, inFlight: 0), running: 0, now: now) == 0)
        #expect(autoscaler.starts(QueueDepth(ready: 1, inFlight: 0), running: 0, now: now) == 1)
        #expect(autoscaler.starts(QueueDepth(ready: 0, inFlight: 1), running: 0, now: now) == 1)
    }

    @Test func `never stops a process`() {
        let autoscaler = Autoscaler(concurrency: 1...8, batch: 100)
        #expect(autoscaler.starts(QueueDepth(ready: 0, inFlight: 0), running: 8, now: now) == 0)
    }

    @Test func `keeps the least number while the depth is unknown`() {
        #expect(Autoscaler(concurrency: 2...4, batch: 100).starts(nil, running: 1, now: now) == 1)
    }

    @Test func `waits after a crash, not after an orderly exit`() {
        let depth = QueueDepth(ready: 10, inFlight: 0)
        var autoscaler = Autoscaler(concurrency: 1...4, batch: 100)
        #expect(autoscaler.ended(orderly: true, life: .seconds(60), now: now) == nil)
        #expect(autoscaler.starts(depth, running: 0, now: now) == 1)
        #expect(autoscaler.ended(orderly: false, life: .seconds(5), now: now) == .milliseconds(100))
        #expect(autoscaler.starts(depth, running: 0, now: now) == 0)
        #expect(autoscaler.starts(depth, running: 0, now: now + .milliseconds(100)) == 1)
    }

    @Test func `takes an exit within a second of the start for a crash`() {
        var autoscaler = Autoscaler(concurrency: 1...4, batch: 100)
        #expect(autoscaler.ended(orderly: true, life: .milliseconds(20), now: now) != nil)
    }

    @Test(arguments: 0..<50) func `stays within its bounds on any walk`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let low = Int.random(in: 0...5, using: &random)
        let high = Int.random(in: max(1, low)...30, using: &random)
        var autoscaler = Autoscaler(concurrency: low...high, batch: Int.random(in: 1...200, using: &random))
        var running = 0
        var time = now
        for _ in 0..<500 {
            let depth = QueueDepth(
                ready: Int.random(in: 0...50_000, using: &random), inFlight: Int.random(in: 0...5_000, using: &random))
            let starts = autoscaler.starts(depth, running: running, now: time)
            #expect(starts >= 0 && starts <= Autoscaler.startsPerDecision, "seed \(seed)")
            #expect(starts == 0 || running + starts <= high, "seed \(seed)")
            running += starts
            if running > 0, Bool.random(using: &random) {
                running -= 1
                let pause = autoscaler.ended(
                    orderly: Bool.random(using: &random),
                    life: .milliseconds(Int.random(in: 0...60_000, using: &random)),
                    now: time)
                #expect(pause ?? .zero <= .seconds(10), "seed \(seed)")
            }
            time += .milliseconds(Int.random(in: 0...500, using: &random))
        }
        // Left alone, it comes to the least number once the pauses are over.
        time += .seconds(10)
        for _ in 0..<30 { running += autoscaler.starts(QueueDepth(ready: 0, inFlight: 0), running: running, now: time) }
        #expect(running >= low, "seed \(seed)")
    }
}

@Suite struct RestartBackoffTests {
    @Test func `doubles from 100 ms to 10 s`() {
        var backoff = RestartBackoff()
        let delays = (0..<9).map { _ in backoff.delay(afterLife: .seconds(1)) }
        #expect(delays == [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000].map { .milliseconds($0) })
    }

    @Test func `begins anew after 30 s of life`() {
        var backoff = RestartBackoff()
        for _ in 0..<5 { _ = backoff.delay(afterLife: .zero) }
        #expect(backoff.delay(afterLife: .seconds(30)) == .milliseconds(100))
        #expect(backoff.delay(afterLife: .zero) == .milliseconds(200))
    }
}
