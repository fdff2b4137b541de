import Model
import Scheduling
import TestRandom
import Testing

/// What becomes of a run that comes while another is going on.
@Suite struct OverlapStateTests {
    private func run(_ number: UInt64) -> Identifier { Identifier(high: 1, low: number) }

    @Test func `skip lets the one that runs finish, and no other start`() {
        var state = OverlapState()
        #expect(state.start(run(1), policy: .skip) == .run(cancelling: nil))
        #expect(state.start(run(2), policy: .skip) == .skip)
        #expect(state.start(run(1), policy: .skip) == .run(cancelling: nil), "asked again")
        #expect(state.finish(run(2)) == nil, "it never ran")
        #expect(state.finish(run(1)) == nil)
        #expect(state.isIdle)
        #expect(state.start(run(3), policy: .skip) == .run(cancelling: nil))
    }

    @Test func `queue keeps so many in order, and skips what is more`() {
        var state = OverlapState()
        let starts = (1...4).map { state.start(run($0), policy: .queue(2)) }
        #expect(starts == [.run(cancelling: nil), .wait, .wait, .skip])
        #expect(state.start(run(3), policy: .queue(2)) == .wait, "asked again")
        #expect(state.finish(run(1)) == run(2))
        #expect(state.finish(run(1)) == nil, "it has ended already")
        #expect(state.finish(run(3)) == nil, "cancelled while it waited")
        #expect(state.finish(run(2)) == nil && state.isIdle)
    }

    @Test func `cancel replaces the one that runs`() {
        var state = OverlapState()
        _ = state.start(run(1), policy: .cancel)
        #expect(state.start(run(2), policy: .cancel) == .run(cancelling: run(1)))
        #expect(state.finish(run(1)) == nil, "the cancelled one ends")
        #expect(state.running == run(2))
    }

    @Test func `allow keeps nothing`() {
        var state = OverlapState()
        #expect((1...3).map { state.start(run($0), policy: .allow) }.allSatisfy { $0 == .run(cancelling: nil) })
        #expect(state.isIdle)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `in any order of starts and finishes one runs, and each is run, waits or is skipped`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var state = OverlapState()
        var (started, ended, skipped): (Set<Identifier>, Set<Identifier>, Set<Identifier>) = ([], [], [])
        let limit = Int.random(in: 1...3, using: &random)
        for number in 1...200 as ClosedRange<UInt64> {
            if Bool.random(using: &random) {
                switch state.start(run(number), policy: .queue(limit)) {
                case .run: started.insert(run(number))
                case .skip: skipped.insert(run(number))
                case .wait: break
                }
            } else if let running = state.running {
                ended.insert(running)
                if let next = state.finish(running) { started.insert(next) }
            }
            #expect(started.subtracting(ended).count <= 1 && state.waiting.count <= limit, "seed \(seed)")
            #expect(started.isDisjoint(with: skipped), "seed \(seed)")
            #expect(state.running == started.subtracting(ended).first, "seed \(seed)")
            #expect(state.waiting.isEmpty || state.running != nil, "nothing waits for nothing, seed \(seed)")
        }
    }
}
