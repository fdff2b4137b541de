import Model
import TestRandom
import Testing

/// Who gets a connection next.
@Suite struct FairTurnsTests {
    @Test func `an owner alone may use all, and those that wait go first by what they use`() {
        var turns = FairTurns<String>(size: 3)
        func enter(_ owner: String, _ waiter: String) -> Bool { turns.enter(owner, waiter) }
        func leave(_ owner: String) -> String? { turns.leave(owner) }
        for number in 1...3 { #expect(enter("busy", "busy \(number)")) }
        for number in 4...6 { #expect(!enter("busy", "busy \(number)")) }
        #expect(!enter("quiet", "quiet 1") && !enter("quiet", "quiet 2") && !enter("other", "other 1"))
        // The two that use none go first, in the order in which they came; then who uses fewest.
        #expect(leave("busy") == "quiet 1")
        #expect(leave("busy") == "other 1")
        // Busy and quiet use one each: busy has waited longer.
        #expect(leave("other") == "busy 4")
        #expect(leave("quiet") == "quiet 2")
        #expect(leave("quiet") == "busy 5")
        #expect(leave("busy") == "busy 6")
        #expect(leave("busy") == nil && leave("busy") == nil)
        #expect(enter("quiet", "quiet 3"))
    }

    @Test func `the last ones are for owners that use none`() {
        var turns = FairTurns<String>(size: 4, reserve: 2)
        func enter(_ owner: String, _ waiter: String) -> Bool { turns.enter(owner, waiter) }
        func leave(_ owner: String) -> String? { turns.leave(owner) }
        #expect(enter("busy", "busy 1") && enter("busy", "busy 2") && !enter("busy", "busy 3"))
        #expect(enter("quiet", "quiet 1") && !enter("quiet", "quiet 2") && enter("other", "other 1"))
        #expect(!enter("new", "new 1"))
        #expect(leave("quiet") == "quiet 2" && leave("other") == "new 1")
        // Two are free, and kept: busy uses two already.
        #expect(leave("quiet") == nil && leave("new") == nil)
        #expect(leave("busy") == "busy 3" && leave("busy") == nil && leave("busy") == nil)
        #expect(enter("busy", "busy 4") && enter("busy", "busy 5") && !enter("busy", "busy 6"))
    }

    @Test func `readers leave room for others, and hold nothing while they wait`() {
        var turns = FairTurns<String>(size: 4, reserve: 1, readers: (size: 2, reserve: 1))
        func read(_ owner: String, _ waiter: String) -> Bool { turns.enter(owner, isReader: true, waiter) }
        func write(_ owner: String, _ waiter: String) -> Bool { turns.enter(owner, waiter) }
        #expect(read("busy", "read 1") && !read("busy", "read 2"), "one owner reads with one of two")
        #expect(write("busy", "write 1") && write("busy", "write 2") && !write("busy", "write 3"))
        // The last place is for owners without any; busy's second reader waits for one to read with.
        #expect(read("quiet", "quiet 1") && !write("other", "other 1"))
        #expect(turns.leave("busy") == "other 1")
        #expect(turns.leave("other") == nil, "the reader may not, and the writer would take the last place")
        #expect(turns.leave("quiet", isReader: true) == "write 3")
        #expect(turns.leave("busy", isReader: true) == "read 2")
        #expect(turns.leave("busy", isReader: true) == nil)
    }

    @Test(arguments: 0..<20) func `nobody waits while a connection is free, and nobody waits for ever`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var turns = FairTurns<Int>(size: 4)
        var (waiting, owners, holders): ([Int], [Int: String], [String]) = ([], [:], [])
        for number in 0..<2_000 {
            if Bool.random(using: &random) || holders.isEmpty {
                let owner = "t\(Int.random(in: 0..<5, using: &random))"
                owners[number] = owner
                if turns.enter(owner, number) { holders.append(owner) } else { waiting.append(number) }
            } else {
                let owner = holders.remove(at: Int.random(in: 0..<holders.count, using: &random))
                if let next = turns.leave(owner) {
                    let used = { (name: String) in holders.count { $0 == name } }
                    let fewest = waiting.map { used(owners[$0]!) }.min()
                    #expect(used(owners[next]!) == fewest, "seed \(seed): \(next) does not use fewest")
                    #expect(waiting.first { used(owners[$0]!) == fewest } == next, "seed \(seed)")
                    waiting.removeAll { $0 == next }
                    holders.append(owners[next]!)
                }
            }
            #expect(holders.count <= 4 && (waiting.isEmpty || holders.count == 4), "seed \(seed)")
        }
    }
}

/// SplitMix64 (Steele et al., 2014).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
